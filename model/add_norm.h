// Add & norm (Vaswani et al. 2017, sections 3.1 and 5.4): the residual connection around a sublayer, with
// dropout and layer normalisation.
//
//   post-norm (the paper):  x --> sublayer --> dropout --> + x --> norm
//   pre-norm:               x --> norm --> sublayer --> dropout --> + x
//
// Pre-norm keeps a path from end to end that no norm touches, so deep stacks train without a long warm-up
// (Xiong et al. 2020); post-norm is the paper's, Marian's, and the one that other programs can open.
#pragma once

#include <functional>

#include "fused/dropout.h"
#include "model/shapes.h"
#include "runtime/torch.h"

namespace dragoman {

struct AddNormOptions {
  int64_t d_model;
  double dropout = 0.1;
  bool pre_norm = false;
};

class AddNormImpl : public torch::nn::Module {
 public:
  using Sublayer = std::function<torch::Tensor(const torch::Tensor&)>;

  explicit AddNormImpl(const AddNormOptions& options);

  // x: [B,T,D]; sublayer: [B,T,D] --> [B,T,D]. Returns [B,T,D].
  torch::Tensor forward(const torch::Tensor& x, const Sublayer& sublayer);

  torch::nn::LayerNorm norm_;  // over D, eps 1e-5

 private:
  Dropout dropout_;
  bool pre_norm_;
};
TORCH_MODULE(AddNorm);

}  // namespace dragoman
