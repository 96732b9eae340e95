#include "model/decoder.h"

#include "core/interrupt.h"
#include "fused/recompute.h"

namespace dragoman {
namespace {

AttentionOptions attention_options(const ModelOptions& o) {
  return {o.d_model, o.decoder_attention_heads, o.attention_dropout};
}
AddNormOptions add_norm_options(const ModelOptions& o) {
  return {o.d_model, o.dropout, o.pre_norm()};
}

}  // namespace

DecoderLayerImpl::DecoderLayerImpl(const ModelOptions& o)
    : self_attention_(register_module("self_attention", MultiHeadAttention(attention_options(o)))),
      self_attention_add_norm_(register_module("self_attention_add_norm", AddNorm(add_norm_options(o)))),
      cross_attention_(register_module("cross_attention", MultiHeadAttention(attention_options(o)))),
      cross_attention_add_norm_(register_module("cross_attention_add_norm", AddNorm(add_norm_options(o)))),
      feed_forward_(register_module(
          "feed_forward", FeedForward(FeedForwardOptions{o.d_model, o.decoder_ffn_dim, o.activation_function,
                                                         o.activation_dropout}))),
      feed_forward_add_norm_(register_module("feed_forward_add_norm", AddNorm(add_norm_options(o)))) {}

torch::Tensor DecoderLayerImpl::forward(torch::Tensor x, const torch::Tensor& memory,
                                        const torch::Tensor& source_mask, const torch::Tensor& causal_mask,
                                        DecoderLayerCache* cache) {
  auto *self_cache = cache ? &cache->self : nullptr, *memory_cache = cache ? &cache->memory : nullptr;
  x = self_attention_add_norm_(x,
                               [&](const auto& y) { return self_attention_(y, y, causal_mask, self_cache); });
  x = cross_attention_add_norm_(
      x, [&](const auto& y) { return cross_attention_(y, memory, source_mask, memory_cache); });
  return feed_forward_add_norm_(x, [&](const auto& y) { return feed_forward_(y); });
}

void DecoderCache::select_rows(const torch::Tensor& rows) {
  for (auto& layer : layers) layer.self.select(rows);
}

void DecoderCache::select_sentences(const torch::Tensor& sentences) {
  for (auto& layer : layers) layer.memory.select(sentences);
}

DecoderImpl::DecoderImpl(const ModelOptions& options) {
  const auto list = register_module("layers", torch::nn::ModuleList());
  for (int64_t i = 0; i < options.decoder_layers; ++i) {
    throw_if_interrupted();  // drawing a large model takes seconds
    list->push_back(layers_.emplace_back(options));
  }
  if (options.pre_norm()) {
    final_norm_ = register_module(
        "final_norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({options.d_model}).eps(1e-5)));
  }
}

torch::Tensor DecoderImpl::forward(torch::Tensor x, const torch::Tensor& memory,
                                   const torch::Tensor& source_mask, const torch::Tensor& causal_mask,
                                   DecoderCache* cache) {
  if (cache) cache->layers.resize(layers_.size());
  for (size_t i = 0; i < layers_.size(); ++i) {
    x = cache ? layers_[i](x, memory, source_mask, causal_mask, &cache->layers[i])
              : run_layer(recompute_, layers_[i], x, memory, source_mask, causal_mask);
  }
  return final_norm_.is_empty() ? x : final_norm_(x);
}

}  // namespace dragoman
