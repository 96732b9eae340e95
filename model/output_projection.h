// Output projection (Vaswani et al. 2017, section 3.4): from the decoder's vectors to one logit per
// vocabulary entry. The matrix is the target embedding itself when the two are tied. The log-softmax belongs
// to the loss (training) and the search (decoding), which both mask <pad>.
//
//   x --> x E^T + b
#pragma once

#include "model/shapes.h"
#include "runtime/torch.h"

namespace dragoman {

class OutputProjectionImpl : public torch::nn::Module {
 public:
  // tied_weight: the target embedding's [V,D], or undefined for a matrix of its own.
  OutputProjectionImpl(int64_t d_model, int64_t vocab_size, const torch::Tensor& tied_weight);

  // x: [B,T,D]. Returns logits, [B,T,V].
  torch::Tensor forward(const torch::Tensor& x);

  void initialise();  // of an own matrix: N(0, 1/D)

  const torch::Tensor& weight() const { return weight_; }  // [V,D]
  const torch::Tensor& bias() const { return bias_; }      // [1,V]; given with a model, not trained

 private:
  bool tied_;
  torch::Tensor weight_;
  torch::Tensor bias_;
};
TORCH_MODULE(OutputProjection);

}  // namespace dragoman
