#include "decoding/torch/torch_logits.h"

#include <algorithm>

#include "decoding/search_options.h"

namespace dragoman {

void TorchLogits::set(torch::Tensor logits, bool on_host) {
  logits_ = std::move(logits);
  on_host_ = false;
  if (on_host) move_to_host();
}

void TorchLogits::move_to_host() {
  if (on_host_) return;
  logits_ = logits_.to(torch::kCPU).contiguous();
  host_.set(logits_.mutable_data_ptr<float>(), logits_.size(0), logits_.size(1));
  on_host_ = true;
}

void TorchLogits::forbid(const std::vector<int64_t>& tokens) {
  if (on_host_) return host_.forbid(tokens);
  const c10::InferenceMode inference;
  for (const int64_t token : tokens) logits_.select(1, token).fill_(kImpossible);
}

void TorchLogits::for_each_row(const RowFunction& use) {
  move_to_host();
  host_.for_each_row(use);
}

void TorchLogits::log_softmax(float divisor) {
  if (on_host_) return host_.log_softmax(divisor);
  const c10::InferenceMode inference;
  logits_ = logits_.log_softmax(1);
  if (divisor != 1) logits_.div_(divisor);
}

void TorchLogits::add(const StepLogits& other) {
  const auto& added = dynamic_cast<const TorchLogits&>(other);
  if (on_host_) return host_.add(added.host_);
  const c10::InferenceMode inference;
  logits_.add_(added.logits_);
}

void TorchLogits::best(int64_t count, bool normalise, BestTokens& found) {
  if (on_host_) return host_.best(count, normalise, found);
  const auto [values, tokens] = count == 1 ? logits_.max(1, /*keepdim=*/true) : logits_.topk(count, 1);
  const auto sums =
      normalise ? logits_.logsumexp(1, /*keepdim=*/true) : torch::zeros_like(values.narrow(1, 0, 1));
  // One copy, for which the host waits once per step. A double holds every token exactly.
  const auto block =
      torch::cat({values.to(torch::kFloat64), tokens.to(torch::kFloat64), sums.to(torch::kFloat64)}, 1)
          .to(torch::kCPU);  // [rows,2*count+1]
  const double* row = block.const_data_ptr<double>();
  found.resize(block.size(0), count);
  for (int64_t i = 0; i < std::ssize(found.tokens); ++i) {
    if (i > 0 && i % count == 0) row += block.size(1);
    const float value = row[i % count], sum = row[2 * count];
    const bool possible = value != kImpossible;
    found.log_probabilities[i] = possible ? value - sum : kImpossible;
    found.tokens[i] = possible ? row[count + i % count] : -1;
  }
}

void TorchLogits::log_probabilities(const std::vector<int64_t>& tokens, std::vector<double>& found) {
  if (on_host_) return host_.log_probabilities(tokens, found);
  const auto places = torch::tensor(tokens, torch::kInt64).to(logits_.device(), /*non_blocking=*/true);
  const auto values = logits_.gather(1, places.unsqueeze(1)).to(torch::kFloat64).squeeze(1);
  const auto all = (values - logits_.logsumexp(1)).to(torch::kCPU).contiguous();
  found.assign(all.const_data_ptr<double>(), all.const_data_ptr<double>() + all.numel());
}

}  // namespace dragoman
