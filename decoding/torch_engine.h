// Search by LibTorch's operators over CachedDecoder: CUDA, and the types that the packed engine does not
// have.
#pragma once

#include <string>

#include "decoding/decoder_ensemble.h"
#include "decoding/search_engine.h"

namespace dragoman {

class TorchEngine : public SearchEngine {
 public:
  // precision: float32, bfloat16 or float16 (runtime/device.h). forbidden: ids that are never generated.
  // Several models are an ensemble (decoder_ensemble.h): one at least, all of one vocabulary, on one device.
  TorchEngine(const std::vector<Transformer>& models, const std::vector<int64_t>& forbidden,
              const std::string& precision);

  std::vector<std::vector<Hypothesis>> search(const std::vector<const std::vector<int64_t>*>& sources,
                                              const SearchOptions& options,
                                              const SearchLimits& limits) const override;
  std::vector<std::vector<double>> score(
      const std::vector<const std::vector<int64_t>*>& sources,
      const std::vector<const std::vector<int64_t>*>& targets) const override;

 private:
  DecoderEnsemble decoder_;
  torch::ScalarType type_;
};

}  // namespace dragoman
