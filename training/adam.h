// Adam (Kingma and Ba 2015, algorithm 1), by LibTorch's fused kernel: one pass over parameters, gradients and
// moments. The moments are open, so that a checkpoint can hold them by name.
#pragma once

#include <string>
#include <vector>

#include "model/transformer.h"

namespace dragoman {

struct AdamOptions {
  double beta1 = 0.9, beta2 = 0.98, epsilon = 1e-9;
};

class Adam {
 public:
  Adam(Transformer& model, const AdamOptions& options);

  // gradients[i] belongs to parameters()[i]; an undefined one is zero.
  void set_gradients(const std::vector<torch::Tensor>& gradients);
  // Norm of all gradients together, as one vector.
  torch::Tensor gradient_norm() const;
  void scale_gradients(double factor);
  void scale_gradients(const torch::Tensor& factor);  // float32 scalar on the device
  // `skip`: float32 scalar on the device, 1 when nothing is to be changed; undefined for 0.
  void step(double learning_rate, const torch::Tensor& skip = {});

  struct Slot {
    std::string name;  // of the parameter in the model
    torch::Tensor parameter, first_moment, second_moment;
  };
  const std::vector<Slot>& slots() const { return slots_; }
  const std::vector<torch::Tensor>& parameters() const { return parameters_; }
  int64_t steps() const;          // waits for the device
  void set_steps(int64_t steps);  // when the moments were loaded

 private:
  std::vector<torch::Tensor> gradients() const;

  AdamOptions options_;
  std::vector<Slot> slots_;
  std::vector<torch::Tensor> parameters_, first_, second_;
  torch::Tensor step_count_;  // float32 scalar on the device
};

}  // namespace dragoman
