#include "training/adam.h"

namespace dragoman {

Adam::Adam(Transformer& model, const AdamOptions& options) : options_(options) {
  for (const auto& item : model->named_parameters()) {
    const auto& parameter = item.value();
    slots_.push_back({item.key(), parameter, torch::zeros_like(parameter), torch::zeros_like(parameter)});
    slots_.back().first_moment.requires_grad_(false);
    slots_.back().second_moment.requires_grad_(false);
    parameters_.push_back(parameter);
    first_.push_back(slots_.back().first_moment);
    second_.push_back(slots_.back().second_moment);
  }
  TORCH_CHECK(!parameters_.empty(), "Adam needs parameters");
  step_count_ =
      torch::zeros({}, torch::TensorOptions().dtype(torch::kFloat32).device(parameters_[0].device()));
}

std::vector<torch::Tensor> Adam::gradients() const {
  std::vector<torch::Tensor> all;
  for (const auto& parameter : parameters_) {
    auto& gradient = const_cast<torch::Tensor&>(parameter).mutable_grad();
    if (!gradient.defined()) gradient = torch::zeros_like(parameter);
    all.push_back(gradient);
  }
  return all;
}

void Adam::set_gradients(const std::vector<torch::Tensor>& gradients) {
  for (size_t i = 0; i < parameters_.size(); ++i)
    parameters_[i].mutable_grad() = i < gradients.size() ? gradients[i] : torch::Tensor();
}

torch::Tensor Adam::gradient_norm() const {
  const torch::NoGradGuard no_grad;
  return torch::stack(at::_foreach_norm(gradients(), 2)).norm();
}

void Adam::scale_gradients(double factor) {
  const torch::NoGradGuard no_grad;
  auto all = gradients();
  at::_foreach_mul_(all, factor);
}

void Adam::scale_gradients(const torch::Tensor& factor) {
  const torch::NoGradGuard no_grad;
  auto all = gradients();
  at::_foreach_mul_(all, factor);
}

void Adam::step(double learning_rate, const torch::Tensor& skip) {
  const torch::NoGradGuard no_grad;
  step_count_.add_(1);
  const auto all = gradients();
  const auto found = skip.defined() ? std::optional(skip) : std::nullopt;
  at::_fused_adam_(parameters_, all, first_, second_, /*max_exp_avg_sqs=*/{},
                   std::vector<torch::Tensor>(parameters_.size(), step_count_), learning_rate, options_.beta1,
                   options_.beta2, /*weight_decay=*/0, options_.epsilon, /*amsgrad=*/false,
                   /*maximize=*/false, /*grad_scale=*/std::nullopt, found);
  if (found) step_count_.sub_(skip);
}

int64_t Adam::steps() const {
  return step_count_.item<int64_t>();
}

void Adam::set_steps(int64_t steps) {
  step_count_.fill_(steps);
}

}  // namespace dragoman
