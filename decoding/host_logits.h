// Logits in the host's memory. The kernels of kernels/packed.h process them in place, row by row. Torch-free.
#pragma once

#include "decoding/packed/thread_pool.h"
#include "decoding/step_decoder.h"
#include "kernels/kernels.h"

namespace dragoman {

class HostLogits : public StepLogits {
 public:
  // All must outlive it.
  HostLogits(const PackedKernels& kernels, ThreadPool& pool, int64_t vocabulary)
      : kernels_(kernels), pool_(pool), vocabulary_(vocabulary) {}

  // Row r is at logits + r * stride and has vocabulary() values.
  void set(float* logits, int64_t rows, int64_t stride) { logits_ = logits, rows_ = rows, stride_ = stride; }

  void forbid(const std::vector<int64_t>& tokens) override;
  void for_each_row(const RowFunction& use) override;
  void log_softmax(float divisor) override;
  void add(const StepLogits& other) override;
  void best(int64_t count, bool normalise, BestTokens& found) override;
  void log_probabilities(const std::vector<int64_t>& tokens, std::vector<double>& found) override;

 private:
  // Calls use(r, row) for each row. work: the approximate number of multiplications per logit.
  template <typename Use>
  void run(int64_t work, const Use& use) const;
  float log_sum(const float* row) const;

  const PackedKernels& kernels_;
  ThreadPool& pool_;
  int64_t vocabulary_, rows_ = 0, stride_ = 0;
  float* logits_ = nullptr;
};

}  // namespace dragoman
