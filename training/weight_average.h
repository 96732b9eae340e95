// Averages of weights, which translate better than the last ones alone: over updates (exponential moving
// average; Polyak and Juditsky 1992) and over snapshots of one run (Junczys-Dowmunt et al. 2016, section 3;
// Vaswani et al. 2017, section 6.1).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/transformer.h"

namespace dragoman {

class MovingAverage {
 public:
  // Begins as the model's weights.
  MovingAverage(const Transformer& model, double decay);

  // After update number `update`: average = d average + (1-d) weights, with d = min(decay,
  // (1+update)/(10+update)): the weights of the first updates are soon forgotten.
  void add(const Transformer& model, int64_t update);

  // Swaps the model's weights and the average. A second call restores both. See AverageInPlace.
  void exchange(Transformer& model);

  // By parameter name, for a checkpoint.
  const std::vector<std::pair<std::string, torch::Tensor>>& tensors() const { return tensors_; }

 private:
  double decay_;
  std::vector<std::pair<std::string, torch::Tensor>> tensors_;
};

// Puts the average in place of the model's weights while this object lives. `average` may be null.
class AverageInPlace {
 public:
  AverageInPlace(MovingAverage* average, Transformer& model) : average_(average), model_(model) {
    if (average_) average_->exchange(model_);
  }
  ~AverageInPlace() {
    if (average_) average_->exchange(model_);
  }
  AverageInPlace(const AverageInPlace&) = delete;
  AverageInPlace& operator=(const AverageInPlace&) = delete;

 private:
  MovingAverage* average_;
  Transformer& model_;
};

// Restores the model's weights, as they are now, when this object is destroyed.
class WeightsGuard {
 public:
  explicit WeightsGuard(Transformer& model);
  ~WeightsGuard();
  WeightsGuard(const WeightsGuard&) = delete;
  WeightsGuard& operator=(const WeightsGuard&) = delete;

 private:
  Transformer& model_;
  std::vector<torch::Tensor> weights_;
};

// Puts the mean of the weights in these files (model.safetensors of one shape) into the model. Summed in
// double. ModelError.
void load_average(Transformer& model, const std::vector<std::string>& paths);

}  // namespace dragoman
