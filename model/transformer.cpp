#include "model/transformer.h"

#include <cmath>

#include "core/interrupt.h"
#include "model/masks.h"

namespace dragoman {

TransformerImpl::TransformerImpl(const ModelOptions& o)
    : positions_(register_module("positions", PositionalEncoding(o.d_model))),
      dropout_(register_module("dropout", Dropout(o.dropout))),
      encoder_(register_module("encoder", Encoder(o))),
      decoder_(register_module("decoder", Decoder(o))),
      options_(o) {
  const Embedding target(
      EmbeddingOptions{o.decoder_vocab_size, o.d_model, o.target_pad_id(), o.scale_embedding});
  if (o.share_encoder_decoder_embeddings) {
    source_embedding_ = target_embedding_ = register_module("embedding", target);
  } else {
    const Embedding source(EmbeddingOptions{o.vocab_size, o.d_model, o.source_pad_id(), o.scale_embedding});
    source_embedding_ = register_module("source_embedding", source);
    target_embedding_ = register_module("target_embedding", target);
  }
  const auto tied_weight = o.tie_word_embeddings ? target_embedding_->weight() : torch::Tensor();
  output_projection_ =
      register_module("output_projection", OutputProjection(o.d_model, o.decoder_vocab_size, tied_weight));
  initialise();
}

void TransformerImpl::initialise() {
  const torch::NoGradGuard no_grad;
  // Glorot and Bengio 2010 for the matrices, zero biases; layer norms begin as the identity.
  for (const auto& module : modules(/*include_self=*/false)) {
    throw_if_interrupted();
    if (auto* linear = module->as<torch::nn::Linear>()) {
      torch::nn::init::xavier_uniform_(linear->weight);
      torch::nn::init::zeros_(linear->bias);
    }
  }
  // Query, key and value as one [3D,D] matrix, which is how most implementations draw them: scores begin half
  // as large, and attention starts out flatter (docs/decisions.md).
  for (const auto& module : modules(/*include_self=*/false)) {
    if (auto* attention = module->as<MultiHeadAttention>()) {
      for (auto* projection : {&attention->query_, &attention->key_, &attention->value_})
        (*projection)->weight.mul_(std::sqrt(0.5));
    }
  }
  source_embedding_->initialise();
  if (!options_.share_encoder_decoder_embeddings) target_embedding_->initialise();
  output_projection_->initialise();
}

torch::Tensor TransformerImpl::encode(const torch::Tensor& source) {
  const auto x = dropout_(positions_(source_embedding_(source)));  // [B,S,D]
  return encoder_->forward(x, padding_mask(source, options_.source_pad_id()));
}

torch::Tensor TransformerImpl::decode_hidden(const torch::Tensor& decoder_input, const torch::Tensor& memory,
                                             const torch::Tensor& source) {
  const auto x = dropout_(positions_(target_embedding_(decoder_input)));  // [B,T,D]
  const auto source_mask = padding_mask(source, options_.source_pad_id());
  return decoder_->forward(x, memory, source_mask,
                           causal_mask(decoder_input.size(1), decoder_input.device()));
}

torch::Tensor TransformerImpl::decode(const torch::Tensor& decoder_input, const torch::Tensor& memory,
                                      const torch::Tensor& source) {
  return output_projection_(decode_hidden(decoder_input, memory, source));
}

torch::Tensor TransformerImpl::forward(const torch::Tensor& source, const torch::Tensor& decoder_input) {
  return decode(decoder_input, encode(source), source);
}

int64_t TransformerImpl::parameter_count() const {
  int64_t count = 0;
  for (const auto& parameter : parameters()) count += parameter.numel();
  return count;
}

void TransformerImpl::move_to(const torch::Device& device) {
  to(device);
  device_ = device;
}

}  // namespace dragoman
