// How many batches and updates an epoch has, estimated from its first window of batches.
#pragma once

#include "core/log.h"
#include "data/encoded_corpus.h"
#include "planning/run_length.h"
#include "planning/training_options.h"
#include "planning/training_state.h"

namespace dragoman {

struct EpochSize {
  double batches = 1, updates = 1;
};

// Logs the number of batches and their padding.
EpochSize measure_epoch(const EncodedCorpus& corpus, const TrainingOptions& options, int64_t epoch, Log& log);

// seconds: of training so far.
RunPosition position_of(const TrainingState& state, const EpochSize& epoch, double seconds);

}  // namespace dragoman
