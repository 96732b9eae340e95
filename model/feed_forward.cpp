#include "model/feed_forward.h"

#include "fused/linear.h"

namespace dragoman {

torch::Tensor activate(const torch::Tensor& x, ActivationFunction function) {
  switch (function) {
    case ActivationFunction::kRelu:
      return torch::relu(x);
    case ActivationFunction::kGelu:
      return torch::gelu(x);
    case ActivationFunction::kSilu:
    case ActivationFunction::kSwish:
      break;
  }
  return torch::silu(x);
}

FeedForwardImpl::FeedForwardImpl(const FeedForwardOptions& options)
    : inner_(register_module("inner", torch::nn::Linear(options.d_model, options.width))),
      outer_(register_module("outer", torch::nn::Linear(options.width, options.d_model))),
      dropout_(register_module("dropout", Dropout(options.dropout))),
      activation_(options.activation) {}

torch::Tensor FeedForwardImpl::forward(const torch::Tensor& x) {
  return linear(dropout_(activate(linear(x, inner_), activation_)),
                outer_);  // [B,T,D] --> [B,T,F] --> [B,T,D]
}

}  // namespace dragoman
