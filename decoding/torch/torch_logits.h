// Logits in a tensor. On an accelerator they stay there, and the host waits once per step, for one small
// block of best tokens. When a rule needs whole rows, the logits are copied to the host, and HostLogits does
// the rest of the step. On the CPU, HostLogits does everything.
#pragma once

#include "decoding/host_logits.h"
#include "runtime/torch.h"

namespace dragoman {

class TorchLogits : public StepLogits {
 public:
  explicit TorchLogits(int64_t vocabulary) : pool_(1), host_(*kernels().packed, pool_, vocabulary) {}

  // logits: [rows,V] float32, which this may change. on_host: whether the host computes from here on.
  void set(torch::Tensor logits, bool on_host);

  void forbid(const std::vector<int64_t>& tokens) override;
  void for_each_row(const RowFunction& use) override;
  void log_softmax(float divisor) override;
  void add(const StepLogits& other) override;
  void best(int64_t count, bool normalise, BestTokens& found) override;
  void log_probabilities(const std::vector<int64_t>& tokens, std::vector<double>& found) override;

 private:
  void move_to_host();

  ThreadPool pool_;
  HostLogits host_;
  torch::Tensor logits_;
  bool on_host_ = false;
};

}  // namespace dragoman
