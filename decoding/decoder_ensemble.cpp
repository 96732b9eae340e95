#include "decoding/decoder_ensemble.h"

namespace dragoman {

void EnsembleState::select_rows(const torch::Tensor& rows) {
  for (auto& state : states) state.select_rows(rows);
}

void EnsembleState::select_sentences(const torch::Tensor& sentences) {
  for (auto& state : states) state.select_sentences(sentences);
}

EnsembleState DecoderEnsemble::start(const torch::Tensor& source, int64_t beams) const {
  EnsembleState state;
  for (const auto& decoder : decoders_) state.states.push_back(decoder.start(source, beams));
  return state;
}

torch::Tensor DecoderEnsemble::step(const torch::Tensor& tokens, EnsembleState& state) const {
  if (decoders_.size() == 1) return decoders_.front().step(tokens, state.states.front());
  torch::Tensor sum;
  for (size_t i = 0; i < decoders_.size(); ++i) {
    const auto log_probabilities = decoders_[i].step(tokens, state.states[i]).log_softmax(1);
    sum = sum.defined() ? sum + log_probabilities : log_probabilities;
  }
  return sum / static_cast<double>(decoders_.size());
}

}  // namespace dragoman
