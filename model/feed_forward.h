// Position-wise feed-forward network (Vaswani et al. 2017, section 3.3, equation 2): the same two layers for
// every token.
//
//   x --> x W_1 + b_1 --> nonlinearity --> dropout --> x W_2 + b_2
#pragma once

#include "folder/model_options.h"
#include "fused/dropout.h"
#include "model/shapes.h"
#include "runtime/torch.h"

namespace dragoman {

struct FeedForwardOptions {
  int64_t d_model;
  int64_t width;                                              // F
  ActivationFunction activation = ActivationFunction::kRelu;  // relu: the paper
  double dropout = 0.0;                                       // after the nonlinearity
};

torch::Tensor activate(const torch::Tensor& x, ActivationFunction function);

class FeedForwardImpl : public torch::nn::Module {
 public:
  explicit FeedForwardImpl(const FeedForwardOptions& options);

  // x: [B,T,D]. Returns [B,T,D].
  torch::Tensor forward(const torch::Tensor& x);

  torch::nn::Linear inner_, outer_;

 private:
  Dropout dropout_;
  ActivationFunction activation_;
};
TORCH_MODULE(FeedForward);

}  // namespace dragoman
