#include "model/encoder.h"

#include "core/interrupt.h"
#include "fused/recompute.h"

namespace dragoman {

EncoderLayerImpl::EncoderLayerImpl(const ModelOptions& o)
    : self_attention_(register_module(
          "self_attention",
          MultiHeadAttention(AttentionOptions{o.d_model, o.encoder_attention_heads, o.attention_dropout}))),
      self_attention_add_norm_(register_module("self_attention_add_norm",
                                               AddNorm(AddNormOptions{o.d_model, o.dropout, o.pre_norm()}))),
      feed_forward_(register_module(
          "feed_forward", FeedForward(FeedForwardOptions{o.d_model, o.encoder_ffn_dim, o.activation_function,
                                                         o.activation_dropout}))),
      feed_forward_add_norm_(register_module("feed_forward_add_norm",
                                             AddNorm(AddNormOptions{o.d_model, o.dropout, o.pre_norm()}))) {}

torch::Tensor EncoderLayerImpl::forward(torch::Tensor x, const torch::Tensor& source_mask) {
  x = self_attention_add_norm_(x, [&](const auto& y) { return self_attention_(y, y, source_mask); });
  return feed_forward_add_norm_(x, [&](const auto& y) { return feed_forward_(y); });
}

EncoderImpl::EncoderImpl(const ModelOptions& options) {
  const auto list = register_module("layers", torch::nn::ModuleList());
  for (int64_t i = 0; i < options.encoder_layers; ++i) {
    throw_if_interrupted();  // drawing a large model takes seconds
    list->push_back(layers_.emplace_back(options));
  }
  if (options.pre_norm()) {
    final_norm_ = register_module(
        "final_norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({options.d_model}).eps(1e-5)));
  }
}

torch::Tensor EncoderImpl::forward(torch::Tensor x, const torch::Tensor& source_mask) {
  for (const auto& layer : layers_) x = run_layer(recompute_, layer, x, source_mask);
  return final_norm_.is_empty() ? x : final_norm_(x);
}

}  // namespace dragoman
