#include "decoding/torch/torch_engine.h"

#include "decoding/ensemble.h"
#include "decoding/torch/torch_decoder.h"
#include "runtime/device.h"

namespace dragoman {

TorchEngine::TorchEngine(std::vector<Transformer> models, std::vector<int64_t> forbidden, Precision precision)
    : models_(std::move(models)), forbidden_(std::move(forbidden)), type_(precision_type(precision)) {}

std::unique_ptr<StepDecoder> TorchEngine::decoder() const {
  std::vector<std::unique_ptr<StepDecoder>> decoders;
  for (const auto& model : models_) decoders.push_back(std::make_unique<TorchDecoder>(model, forbidden_));
  return ensemble_of(std::move(decoders));
}

SearchResults TorchEngine::search(const SentenceIds& sources, const SearchOptions& options,
                                  const SearchLimits& limits) const {
  const AutocastGuard autocast(models_.front()->device(), type_);
  return dragoman::search(*decoder(), sources, options, limits);
}

std::vector<std::vector<double>> TorchEngine::score(const SentenceIds& sources,
                                                    const SentenceIds& targets) const {
  const AutocastGuard autocast(models_.front()->device(), type_);
  return score_targets(*decoder(), sources, targets);
}

}  // namespace dragoman
