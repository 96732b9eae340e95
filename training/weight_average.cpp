#include "training/weight_average.h"

#include <algorithm>
#include <stdexcept>

#include "core/interrupt.h"
#include "model/weights.h"

namespace dragoman {

MovingAverage::MovingAverage(const Transformer& model, double decay) : decay_(decay) {
  for (const auto& item : model->named_parameters())
    tensors_.emplace_back(item.key(), item.value().detach().clone());
}

void MovingAverage::add(const Transformer& model, int64_t update) {
  const torch::NoGradGuard no_grad;
  const double n = update;
  const double decay = std::min(decay_, (1 + n) / (10 + n));
  size_t i = 0;
  for (const auto& item : model->named_parameters()) tensors_[i++].second.lerp_(item.value(), 1 - decay);
}

void MovingAverage::exchange(Transformer& model) {
  const torch::NoGradGuard no_grad;
  size_t i = 0;
  for (auto& item : model->named_parameters()) {
    auto& average = tensors_[i++].second;
    const auto weights = item.value().detach().clone();
    item.value().copy_(average);
    average.copy_(weights);
  }
}

WeightsGuard::WeightsGuard(Transformer& model) : model_(model) {
  for (const auto& parameter : model->parameters()) weights_.push_back(parameter.detach().clone());
}

WeightsGuard::~WeightsGuard() {
  const torch::NoGradGuard no_grad;
  size_t i = 0;
  for (auto& parameter : model_->parameters()) parameter.copy_(weights_[i++]);
}

void load_average(Transformer& model, const std::vector<std::string>& paths) {
  if (paths.empty()) throw std::logic_error("load_average: no files");
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> sums;
  for (const auto& path : paths) {
    throw_if_interrupted();
    load_weights(model, path);
    size_t i = 0;
    for (const auto& parameter : model->parameters()) {
      if (sums.size() <= i) sums.push_back(torch::zeros_like(parameter, torch::kFloat64));
      sums[i++].add_(parameter);
    }
  }
  const double count = paths.size();
  size_t i = 0;
  for (auto& parameter : model->parameters()) parameter.copy_(sums[i++] / count);
}

}  // namespace dragoman
