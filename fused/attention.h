// Equation 1 for all heads of a batch in one operator each way, on the CPU in float32: no head is copied
// apart, no [B,H,T,S] tensor is made, and keys that a mask hides are not computed. The plain form is
// scaled_dot_product_attention in model/attention.h; tests/fused/fused_test.cpp holds the two together.
#pragma once

#include "runtime/torch.h"

namespace dragoman {

// Whether the functions below take tensors like this one, of heads of this size.
bool can_fuse_attention(const torch::Tensor& x, int64_t head_size);

// mask: bool [1 or B, 1, 1 or T, S], or undefined for none.
//   self-attention   packed: [B,T,3D], queries, keys and values side by side
//   cross-attention  query: [B,T,D], packed: [B,S,2D], keys and values side by side
// Returns [B,T,D].
torch::Tensor fused_self_attention(const torch::Tensor& packed, const torch::Tensor& mask, int64_t heads,
                                   double dropout);
torch::Tensor fused_cross_attention(const torch::Tensor& query, const torch::Tensor& packed,
                                    const torch::Tensor& mask, int64_t heads, double dropout);

}  // namespace dragoman
