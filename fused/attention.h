// Multi-head attention up to the output projection, on the CPU in float32: one matrix product for all
// projections of one input, and one operator in each direction for Equation 1 of all heads. No head is
// copied, no [B,H,T,S] tensor is made, and keys that a mask hides are not computed. The plain form is
// model/attention.cpp; tests/fused/fused_test.cpp compares the two.
#pragma once

#include <optional>

#include "runtime/torch.h"

namespace dragoman {

// The weights of one block, whose heads all have the same size.
struct AttentionProjections {
  const torch::nn::Linear &query, &key, &value;  // [D,D] each
  int64_t heads;
};

// query: [B,T,D]; memory: [B,S,D]; mask: bool [1 or B, 1, 1 or T, S], or undefined for none; dropout: on the
// attention weights. Returns the concatenated heads, [B,T,D]; nothing where the kernels do not apply: not on
// the CPU, not in float32, or heads whose size is no multiple of the vector width.
std::optional<torch::Tensor> fused_attention(const torch::Tensor& query, const torch::Tensor& memory,
                                             const torch::Tensor& mask,
                                             const AttentionProjections& projections, double dropout);

// Equation 1 alone, of projected inputs: packed is queries, keys and values next to each other, [B,T,3D].
torch::Tensor fused_self_attention(const torch::Tensor& packed, const torch::Tensor& mask, int64_t heads,
                                   double dropout);
// query: [B,T,D]; packed: keys and values next to each other, [B,S,2D]. Both return [B,T,D].
torch::Tensor fused_cross_attention(const torch::Tensor& query, const torch::Tensor& packed,
                                    const torch::Tensor& mask, int64_t heads, double dropout);

}  // namespace dragoman
