#include "model/output_projection.h"

#include <cmath>

namespace dragoman {

OutputProjectionImpl::OutputProjectionImpl(int64_t d_model, int64_t vocab_size,
                                           const torch::Tensor& tied_weight)
    : tied_(tied_weight.defined()),
      weight_(tied_ ? tied_weight : register_parameter("weight", torch::zeros({vocab_size, d_model}))),
      bias_(register_buffer("bias", torch::zeros({1, vocab_size}))) {}

torch::Tensor OutputProjectionImpl::forward(const torch::Tensor& x) {
  return torch::linear(x, weight_, bias_.squeeze(0));
}

void OutputProjectionImpl::initialise() {
  const torch::NoGradGuard no_grad;
  if (!tied_) weight_.normal_(0, 1 / std::sqrt(weight_.size(1)));
}

}  // namespace dragoman
