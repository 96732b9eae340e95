// Checkpoints: checkpoints/update-N/ holds what a run needs to go on as if it had not stopped.
//
//   model.safetensors      the weights as they are now (not the best ones)
//   optimizer.safetensors  Adam's moments: NAME.first, NAME.second; NAME.average of --moving-average
//   state.json             where the run stands
//   manifest.json          size and checksum of the three
//
// A checkpoint is written beside, synced and renamed, so that a crash leaves the old ones whole. The newest
// that passes its checksums counts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/log.h"
#include "data/batch.h"
#include "model/transformer.h"
#include "training/adam.h"
#include "training/weight_average.h"

namespace dragoman {

// Weights that were kept at a validation, for --average: snapshots/update-N.safetensors.
struct Snapshot {
  int64_t update;
  double score;
};

// Where a run stands. Everything that the next update depends on, beside weights and moments, is a pure
// function of it.
struct TrainingState {
  int64_t update = 0;
  int64_t steps = 0;  // of the optimiser: updates that were not skipped
  DataPosition position;
  int64_t target_tokens = 0;  // trained on so far
  double seconds = 0;         // of training so far
  double loss_scale = 1;      // float16 only
  int64_t scale_age = 0;      // updates since the loss scale changed
  bool has_best = false;
  double best_score = 0;
  int64_t best_update = 0;
  int64_t last_validation = 0;  // the update of it
  int64_t validations_without_gain = 0;
  std::vector<Snapshot> snapshots;
  std::string corpus;  // fingerprint of the encoded training corpus
};

// Saves to FOLDER/checkpoints and removes all but the newest `keep`. `average` may be null. DataError.
void save_checkpoint(const std::string& folder, const TrainingState& state, const Transformer& model,
                     const Adam& optimiser, const MovingAverage* average, int64_t keep);

// The path of the newest checkpoint that is whole; damaged ones are named in the log and passed over.
std::optional<std::string> newest_checkpoint(const std::string& folder, Log& log);

// Fills model, optimiser and `average`, which may be null. ModelError.
TrainingState load_checkpoint(const std::string& path, Transformer& model, Adam& optimiser,
                              MovingAverage* average);

}  // namespace dragoman
