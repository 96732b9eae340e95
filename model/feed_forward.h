// Position-wise feed-forward network (Vaswani et al. 2017, section 3.3, equation 2): the same two layers for
// every token.
//
//   x --> x W_1 + b_1 --> nonlinearity --> dropout --> x W_2 + b_2
#pragma once

#include <string>

#include "fused/dropout.h"
#include "model/shapes.h"
#include "runtime/torch.h"

namespace dragoman {

struct FeedForwardOptions {
  int64_t d_model;
  int64_t width;                    // F
  std::string activation = "relu";  // relu (the paper), silu or swish (the same), gelu
  double dropout = 0.0;             // after the nonlinearity
};

// The nonlinearity by its name. TORCH_CHECKs that it is one of the four.
torch::Tensor activate(const torch::Tensor& x, const std::string& name);

class FeedForwardImpl : public torch::nn::Module {
 public:
  explicit FeedForwardImpl(const FeedForwardOptions& options);

  // x: [B,T,D]. Returns [B,T,D].
  torch::Tensor forward(const torch::Tensor& x);

  torch::nn::Linear inner_, outer_;

 private:
  Dropout dropout_;
  std::string activation_;
};
TORCH_MODULE(FeedForward);

}  // namespace dragoman
