#include "model/embedding.h"

#include <cmath>

namespace dragoman {

EmbeddingImpl::EmbeddingImpl(const EmbeddingOptions& options)
    : options_(options),
      weight_(register_parameter("weight", torch::zeros({options.vocab_size, options.d_model}))) {}

torch::Tensor EmbeddingImpl::forward(const torch::Tensor& ids) {
  const auto vectors = torch::embedding(weight_, ids, options_.pad_id);  // [B,T,D]
  return options_.scale ? vectors * std::sqrt(options_.d_model) : vectors;
}

void EmbeddingImpl::initialise() {
  const torch::NoGradGuard no_grad;
  weight_.normal_(0, 1 / std::sqrt(options_.d_model));
  weight_[options_.pad_id].zero_();
}

}  // namespace dragoman
