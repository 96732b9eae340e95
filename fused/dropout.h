// Dropout (Srivastava et al. 2014; Vaswani et al. 2017, section 5.4): in training, each number becomes zero
// with probability p, and the rest is divided by 1-p.
//
// On the CPU it is one pass each way, without a stored mask: whether number i falls is a hash of (seed of the
// call, i), so the derivative asks again. The result depends on LibTorch's generator (one draw a call) and
// not on the number of threads. The plain form stands in tests/fused/dropout_test.cpp.
#pragma once

#include <optional>

#include "core/random.h"
#include "kernels/kernels.h"
#include "runtime/torch.h"

namespace dragoman {

// x of any shape. p in [0,1).
torch::Tensor apply_dropout(const torch::Tensor& x, double p, bool training);

// The draw of the next dropout in this thread, for the fused blocks.
DropoutDraw next_dropout_draw(double p);

// While it lives, the calls of this thread draw their seeds from this one: a worker's dropout does not depend
// on what other threads do.
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
