#include "decoding/ensemble.h"

namespace dragoman {

void Ensemble::start(const SentenceIds& sources) {
  for (const auto& decoder : decoders_) decoder->start(sources);
}

StepLogits& Ensemble::step(const std::vector<DecoderRow>& rows) {
  const float models = decoders_.size();
  StepLogits& mean = decoders_.front()->step(rows);
  mean.log_softmax(models);
  for (size_t i = 1; i < decoders_.size(); ++i) {
    StepLogits& other = decoders_[i]->step(rows);
    other.log_softmax(models);
    mean.add(other);
  }
  return mean;
}

std::unique_ptr<StepDecoder> ensemble_of(std::vector<std::unique_ptr<StepDecoder>> decoders) {
  if (decoders.size() == 1) return std::move(decoders.front());
  return std::make_unique<Ensemble>(std::move(decoders));
}

}  // namespace dragoman
