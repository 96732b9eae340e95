// Several models with the same vocabulary that decode together. Their logits are the mean of the models'
// log-probabilities. The search normalises them as any logits (log-linear, as in Marian). Torch-free.
//
//   rows --> a step of each decoder --> log-probabilities of each --> mean
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "decoding/step_decoder.h"

namespace dragoman {

class Ensemble : public StepDecoder {
 public:
  // decoders: at least one, all of the same type and with the same vocabulary.
  explicit Ensemble(std::vector<std::unique_ptr<StepDecoder>> decoders) : decoders_(std::move(decoders)) {}

  int64_t vocabulary() const override { return decoders_.front()->vocabulary(); }
  int64_t start_id() const override { return decoders_.front()->start_id(); }
  void start(const SentenceIds& sources) override;
  StepLogits& step(const std::vector<DecoderRow>& rows) override;

 private:
  std::vector<std::unique_ptr<StepDecoder>> decoders_;
};

// The ensemble of several decoders, or the only decoder itself.
std::unique_ptr<StepDecoder> ensemble_of(std::vector<std::unique_ptr<StepDecoder>> decoders);

}  // namespace dragoman
