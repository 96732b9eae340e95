#include "decoding/torch_engine.h"

#include <algorithm>

#include "decoding/search.h"
#include "model/device.h"

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

}  // namespace

TorchEngine::TorchEngine(Transformer model, std::vector<int64_t> forbidden, const std::string& precision)
    : decoder_(std::move(model), std::move(forbidden)), type_(precision_type(precision)) {}

std::vector<std::vector<Hypothesis>> TorchEngine::search(
    const std::vector<const std::vector<int64_t>*>& sources, const SearchOptions& options,
    const SearchLimits& limits) const {
  const c10::InferenceMode inference;
  const AutocastGuard autocast(decoder_.device(), type_);
  const auto source = padded(sources, decoder_.options().source_pad_id()).to(decoder_.device());
  return dragoman::search(decoder_, source, options, limits);
}

}  // namespace dragoman
