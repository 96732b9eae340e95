// The decoders of several models of one vocabulary that decode together: logits are the mean of the models'
// log-probabilities, which the search normalises as it does any logits. A model by itself passes through.
// The packed engine's counterpart is packed/session_ensemble.h.
#pragma once

#include <vector>

#include "decoding/cached_decoder.h"

namespace dragoman {

// What each decoder remembers between two steps.
struct EnsembleState {
  std::vector<DecoderState> states;

  void select_rows(const torch::Tensor& rows);
  void select_sentences(const torch::Tensor& sentences);
};

class DecoderEnsemble {
 public:
  DecoderEnsemble(CachedDecoder decoder) { decoders_.push_back(std::move(decoder)); }  // NOLINT: it is one
  // decoders: one at least, all of one vocabulary and on one device.
  explicit DecoderEnsemble(std::vector<CachedDecoder> decoders) : decoders_(std::move(decoders)) {}

  // As CachedDecoder's.
  EnsembleState start(const torch::Tensor& source, int64_t beams) const;
  torch::Tensor step(const torch::Tensor& tokens, EnsembleState& state) const;

  int64_t start_id() const { return decoders_.front().start_id(); }
  const ModelOptions& options() const { return decoders_.front().options(); }
  const torch::Device& device() const { return decoders_.front().device(); }

 private:
  std::vector<CachedDecoder> decoders_;
};

}  // namespace dragoman
