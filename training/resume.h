// Resuming a run from a checkpoint.
#pragma once

#include <string>

#include "training/training.h"

namespace dragoman {

// Checks that the state belongs to this training corpus. DataError when it does not.
void require_same_corpus(const TrainingState& saved, const std::string& corpus,
                         const std::string& checkpoint);

// The state for validation text with this fingerprint. If it was another, scores cannot be compared: the best
// score, the patience and, if `forget_snapshots` (they were chosen by score), the snapshots are dropped.
TrainingState with_validation_text(TrainingState state, const std::string& text, bool forget_snapshots);

// Fills training.state, weights, moments and moving average from the checkpoint. Writes the model again when
// its file is lost or damaged, from the weights in training or from a snapshot. ModelError; DataError when
// the corpus is not the one that the run began with.
void resume_training(Training& training, const std::string& checkpoint);

}  // namespace dragoman
