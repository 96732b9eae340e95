#include "decoding/torch_engine.h"

#include <algorithm>

#include "core/interrupt.h"
#include "decoding/search.h"
#include "runtime/device.h"

namespace dragoman {
namespace {

torch::Tensor padded(const std::vector<const std::vector<int64_t>*>& rows, int64_t pad_id) {
  size_t longest = 0;
  for (const auto* row : rows) longest = std::max(longest, row->size());
  auto batch =
      torch::full({static_cast<int64_t>(rows.size()), static_cast<int64_t>(longest)}, pad_id, torch::kInt64);
  for (size_t i = 0; i < rows.size(); ++i) {
    std::copy(rows[i]->begin(), rows[i]->end(), batch[static_cast<int64_t>(i)].mutable_data_ptr<int64_t>());
  }
  return batch;
}

std::vector<CachedDecoder> decoders_of(const std::vector<Transformer>& models,
                                       const std::vector<int64_t>& forbidden) {
  std::vector<CachedDecoder> decoders;
  for (const auto& model : models) decoders.emplace_back(model, forbidden);
  return decoders;
}

}  // namespace

TorchEngine::TorchEngine(const std::vector<Transformer>& models, const std::vector<int64_t>& forbidden,
                         const std::string& precision)
    : decoder_(decoders_of(models, forbidden)), type_(precision_type(precision)) {}

std::vector<std::vector<Hypothesis>> TorchEngine::search(
    const std::vector<const std::vector<int64_t>*>& sources, const SearchOptions& options,
    const SearchLimits& limits) const {
  const c10::InferenceMode inference;
  const AutocastGuard autocast(decoder_.device(), type_);
  const auto source = padded(sources, decoder_.options().source_pad_id()).to(decoder_.device());
  return dragoman::search(decoder_, source, options, limits);
}

std::vector<std::vector<double>> TorchEngine::score(
    const std::vector<const std::vector<int64_t>*>& sources,
    const std::vector<const std::vector<int64_t>*>& targets) const {
  const c10::InferenceMode inference;
  const AutocastGuard autocast(decoder_.device(), type_);
  const auto device = decoder_.device();
  EnsembleState state = decoder_.start(padded(sources, decoder_.options().source_pad_id()).to(device), 1);
  const auto labels = padded(targets, decoder_.options().target_pad_id()).to(device);  // [n,T]
  auto tokens = torch::full({labels.size(0)}, decoder_.start_id(), labels.options());
  std::vector<torch::Tensor> steps;
  for (int64_t t = 0; t < labels.size(1); ++t) {
    throw_if_interrupted();
    const auto label = labels.select(1, t);
    const auto log_probabilities = decoder_.step(tokens, state).to(torch::kFloat32).log_softmax(1);
    steps.push_back(log_probabilities.gather(1, label.unsqueeze(1)));
    tokens = label;
  }
  const auto all = torch::cat(steps, 1).to(torch::kCPU, torch::kFloat64).contiguous();
  std::vector<std::vector<double>> scores;
  for (size_t i = 0; i < targets.size(); ++i) {
    const auto* row = all[static_cast<int64_t>(i)].const_data_ptr<double>();
    scores.emplace_back(row, row + targets[i]->size());
  }
  return scores;
}

}  // namespace dragoman
