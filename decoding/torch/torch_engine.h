// The engine for CUDA, and for the data types that the packed engine does not have: search over TorchDecoder.
#pragma once

#include <string>
#include <vector>

#include "core/shared_options.h"
#include "decoding/search_engine.h"
#include "model/transformer.h"

namespace dragoman {

class TorchEngine : public SearchEngine {
 public:
  // precision: not int8 (UsageError). forbidden: ids that are never generated.
  // Several models are an ensemble (ensemble.h): one at least, all of one vocabulary, on one device.
  TorchEngine(std::vector<Transformer> models, std::vector<int64_t> forbidden, Precision precision);

  SearchResults search(const SentenceIds& sources, const SearchOptions& options,
                       const SearchLimits& limits) const override;
  std::vector<std::vector<double>> score(const SentenceIds& sources,
                                         const SentenceIds& targets) const override;

 private:
  std::unique_ptr<StepDecoder> decoder() const;

  std::vector<Transformer> models_;
  std::vector<int64_t> forbidden_;
  torch::ScalarType type_;
};

}  // namespace dragoman
