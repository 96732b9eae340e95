#include "model/attention.h"

#include <cmath>
#include <limits>

#include "fused/attention.h"
#include "fused/dropout.h"
#include "fused/linear.h"

namespace dragoman {

torch::Tensor scaled_dot_product_attention(const torch::Tensor& query, const torch::Tensor& key,
                                           const torch::Tensor& value, const torch::Tensor& mask,
                                           double dropout) {
  if (dropout == 0) {  // LibTorch's operator computes the lines below, by a fused kernel where it has one
    return at::scaled_dot_product_attention(query, key, value,
                                            mask.defined() ? std::optional(mask) : std::nullopt);
  }
  auto scores = torch::matmul(query, key.transpose(-2, -1)) / std::sqrt(query.size(-1));
  if (mask.defined())
    scores = scores.masked_fill(mask.logical_not(), -std::numeric_limits<float>::infinity());
  // A row without any true gives zeros. In float32 even under autocast: the backward pass needs it.
  const auto weights = at::_safe_softmax(scores.to(torch::kFloat32), -1).to(value.scalar_type());
  return torch::matmul(apply_dropout(weights, dropout, true), value);
}

MultiHeadAttentionImpl::MultiHeadAttentionImpl(const AttentionOptions& options)
    : query_(register_module("query", torch::nn::Linear(options.d_model, options.d_model))),
      key_(register_module("key", torch::nn::Linear(options.d_model, options.d_model))),
      value_(register_module("value", torch::nn::Linear(options.d_model, options.d_model))),
      output_(register_module("output", torch::nn::Linear(options.d_model, options.d_model))),
      options_(options) {
  TORCH_CHECK(options.d_model % options.num_heads == 0, "heads must divide d_model");
}

torch::Tensor MultiHeadAttentionImpl::split_heads(const torch::Tensor& x) const {
  return x.view({x.size(0), x.size(1), options_.num_heads, -1}).transpose(1, 2);
}

torch::Tensor MultiHeadAttentionImpl::join_heads(const torch::Tensor& x) const {
  return x.transpose(1, 2).reshape({x.size(0), x.size(2), options_.d_model});
}

torch::Tensor MultiHeadAttentionImpl::forward(const torch::Tensor& query, const torch::Tensor& memory,
                                              const torch::Tensor& mask, KeyValueCache* cache) {
  if (cache) return cached_forward(query, memory, mask, *cache);
  const AttentionProjections projections{query_, key_, value_, options_.num_heads};
  if (const auto heads = fused_attention(query, memory, mask, projections, dropout()))
    return linear(*heads, output_);
  const auto q = split_heads(query_(query));   // [B,H,T,K]
  const auto k = split_heads(key_(memory));    // [B,H,S,K]
  const auto v = split_heads(value_(memory));  // [B,H,S,K]
  return output_(join_heads(scaled_dot_product_attention(q, k, v, mask, dropout())));
}

// The same for one position of each row. Rows that share a row of the cache (the hypotheses of a sentence,
// whose memory is one) are its queries: [n*b,1,D] is read as [n,b,D].
torch::Tensor MultiHeadAttentionImpl::cached_forward(const torch::Tensor& query, const torch::Tensor& memory,
                                                     const torch::Tensor& mask, KeyValueCache& cache) {
  if (query.is_same(memory) || cache.empty())
    cache.append(split_heads(key_(memory)), split_heads(value_(memory)));             // [n,H,S,K]
  const auto q = split_heads(query_(query.view({cache.rows(), -1, query.size(2)})));  // [n,H,b,K]
  const auto attended = scaled_dot_product_attention(q, cache.keys(), cache.values(), mask);
  return output_(join_heads(attended)).view(query.sizes());
}

}  // namespace dragoman
