// The sessions of several models of one vocabulary that decode together: logits are the mean of the models'
// log-probabilities, which the search normalises as it does any logits (log-linear, as Marian's). A model
// by itself passes through.
//
//   rows --> a step of each session --> log-probabilities of each --> mean
#pragma once

#include <memory>
#include <vector>

#include "decoding/packed/session.h"

namespace dragoman {

class SessionEnsemble {
 public:
  // All must outlive it. models: one at least, all of one vocabulary.
  SessionEnsemble(const std::vector<std::unique_ptr<const PackedModel>>& models, ThreadPool& pool);

  // As Session's.
  void start(const std::vector<const std::vector<int64_t>*>& sources);
  float* step(const std::vector<SessionRow>& rows);
  int64_t logits_stride() const { return sessions_.front().logits_stride(); }

  ThreadPool& pool() const { return pool_; }
  const PackedKernels& kernels() const { return *sessions_.front().model().kernels().packed; }
  int64_t vocabulary() const { return sessions_.front().model().options().decoder_vocab_size; }
  int32_t start_id() const {
    return static_cast<int32_t>(sessions_.front().model().options().target_pad_id());
  }

 private:
  void normalise(float* logits, int64_t stride, int64_t rows) const;

  ThreadPool& pool_;
  std::vector<Session> sessions_;
};

}  // namespace dragoman
