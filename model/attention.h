// Multi-head attention (Vaswani et al. 2017, section 3.2).
//
//   query --> x W^Q --+
//   key ----> x W^K --+--> h heads: softmax(Q K^T / sqrt(K)) V --> concatenated --> x W^O
//   value --> x W^V --+
//
// One block, three uses: self-attention of the encoder (query = key = value, padding mask), masked
// self-attention of the decoder (the same with a causal mask), and encoder-decoder attention (query from the
// decoder, key and value from the memory).
#pragma once

#include "model/key_value_cache.h"
#include "model/shapes.h"
#include "runtime/torch.h"

namespace dragoman {

// Equation 1 for all heads at once: softmax(Q K^T / sqrt(K)) V. Masked scores are -inf before the softmax. A
// row that may attend to nothing gives zeros. query: [B,H,T,K]; key, value: [B,H,S,K]; mask: bool, broadcasts
// to [B,H,T,S], or undefined for none. Returns [B,H,T,K].
torch::Tensor scaled_dot_product_attention(const torch::Tensor& query, const torch::Tensor& key,
                                           const torch::Tensor& value, const torch::Tensor& mask,
                                           double dropout = 0.0);

struct AttentionOptions {
  int64_t d_model;
  int64_t num_heads;     // divides d_model
  double dropout = 0.0;  // on the attention weights, in training
};

class MultiHeadAttentionImpl : public torch::nn::Module {
 public:
  explicit MultiHeadAttentionImpl(const AttentionOptions& options);

  // query: [B,T,D]; memory: [B,S,D], read as key and value; mask: bool, broadcasts to [B,H,T,S]. Returns
  // [B,T,D]. With a cache, self-attention appends the keys and values of its input to those of earlier calls,
  // and encoder-decoder attention computes those of the memory in the first call only.
  torch::Tensor forward(const torch::Tensor& query, const torch::Tensor& memory, const torch::Tensor& mask,
                        KeyValueCache* cache = nullptr);

  torch::nn::Linear query_, key_, value_, output_;

 private:
  torch::Tensor cached_forward(const torch::Tensor& query, const torch::Tensor& memory,
                               const torch::Tensor& mask, KeyValueCache& cache);
  double dropout() const { return is_training() ? options_.dropout : 0.0; }
  torch::Tensor split_heads(const torch::Tensor& x) const;  // [B,T,D] --> [B,H,T,K]
  torch::Tensor join_heads(const torch::Tensor& x) const;   // [B,H,T,K] --> [B,T,D]

  AttentionOptions options_;
};
TORCH_MODULE(MultiHeadAttention);

}  // namespace dragoman
