// Dropout (Srivastava et al. 2014; Vaswani et al. 2017, section 5.4): in training, each element becomes zero
// with probability p, and the others are divided by 1-p.
//
// On the CPU it is one pass in each direction, without a stored mask. A hash of (seed of the call, i) decides
// whether element i is dropped, and the backward pass computes it again. The result depends on LibTorch's
// generator (one number per call) and not on the number of threads. The plain form is in
// tests/fused/dropout_test.cpp.
#pragma once

#include <optional>

#include "core/random.h"
#include "kernels/kernels.h"
#include "runtime/torch.h"

namespace torch::autograd {
struct AutogradContext;
}

namespace dragoman {

// x of any shape. p in [0,1).
torch::Tensor apply_dropout(const torch::Tensor& x, double p, bool training);

// The random draw of the next dropout in this thread, for the fused blocks. p: 0 for no dropout.
DropoutDraw next_dropout_draw(double p);

// Keep the draw of a forward pass for its backward pass.
void save_draw(torch::autograd::AutogradContext& context, double p, const DropoutDraw& draw);
DropoutDraw saved_draw(torch::autograd::AutogradContext& context);
double saved_probability(torch::autograd::AutogradContext& context);

// While it lives, this thread takes its seeds from this generator. A worker's dropout then does not depend on
// other threads.
class DropoutSeed {
 public:
  explicit DropoutSeed(uint64_t seed);
  ~DropoutSeed();
  DropoutSeed(const DropoutSeed&) = delete;
  DropoutSeed& operator=(const DropoutSeed&) = delete;

 private:
  std::optional<SplitMix64> before_;
};

class DropoutImpl : public torch::nn::Module {
 public:
  explicit DropoutImpl(double p) : p_(p) {}
  torch::Tensor forward(const torch::Tensor& x) { return apply_dropout(x, p_, is_training()); }
  double probability() const { return is_training() ? p_ : 0.0; }

 private:
  double p_;
};
TORCH_MODULE(Dropout);

}  // namespace dragoman
