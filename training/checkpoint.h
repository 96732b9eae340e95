// Checkpoints: checkpoints/update-N/ holds what a run needs to continue as if it had not stopped.
//
//   model.safetensors      the weights as they are now (not the best ones)
//   optimizer.safetensors  Adam's moments: NAME.first, NAME.second; NAME.average of --moving-average
//   state.json             the position of the run: planning/training_state.h
//   manifest.json          size and checksum of the three
//
// A checkpoint is written to a temporary folder, synced and renamed: a crash leaves the old ones intact. The
// newest that passes its checksums counts.
#pragma once

#include <optional>
#include <string>

#include "core/log.h"
#include "model/transformer.h"
#include "planning/training_state.h"
#include "training/adam.h"
#include "training/weight_average.h"

namespace dragoman {

// Saves to FOLDER/checkpoints and removes all but the newest `keep` that are intact. `average` may be null.
// DataError.
void save_checkpoint(const std::string& folder, const TrainingState& state, const Transformer& model,
                     const Adam& optimiser, const MovingAverage* average, int64_t keep);

// Replaces the state of the checkpoint of state.update, whose weights and moments stay. DataError.
void save_state_again(const std::string& folder, const TrainingState& state);

// Whether the folder has a checkpoint, intact or not.
bool has_checkpoints(const std::string& folder);

// The path of the newest intact checkpoint. Damaged ones are skipped with a warning.
std::optional<std::string> newest_checkpoint(const std::string& folder, Log& log);

// Fills model, optimiser and `average`, which may be null. ModelError.
TrainingState load_checkpoint(const std::string& path, Transformer& model, Adam& optimiser,
                              MovingAverage* average);

}  // namespace dragoman
