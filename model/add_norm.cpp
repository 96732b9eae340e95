#include "model/add_norm.h"

#include "core/interrupt.h"
#include "fused/add_norm.h"

namespace dragoman {

AddNormImpl::AddNormImpl(const AddNormOptions& options)
    : norm_(register_module("norm",
                            torch::nn::LayerNorm(torch::nn::LayerNormOptions({options.d_model}).eps(1e-5)))),
      dropout_(register_module("dropout", Dropout(options.dropout))),
      pre_norm_(options.pre_norm) {}

torch::Tensor AddNormImpl::forward(const torch::Tensor& x, const Sublayer& sublayer) {
  throw_if_interrupted();  // a large batch of a large model takes many seconds
  if (pre_norm_) return x + dropout_(sublayer(norm_(x)));
  return add_norm(x, sublayer(x), norm_, dropout_->probability());  // norm(x + dropout(sublayer(x)))
}

}  // namespace dragoman
