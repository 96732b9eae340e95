// How far a run is, as state.json of a checkpoint records it; torch-free.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/batch_plan.h"

namespace dragoman {

// Weights that were kept at a validation, for --average: snapshots/update-N.safetensors.
struct Snapshot {
  int64_t update;
  double score;
};

// What model.safetensors of the run's folder is.
struct KeptModel {
  int64_t update = 0;           // whose weights, or of the last of those that were averaged
  int64_t averaged = 0;         // weights whose mean it is; 0: those of the update alone
  std::optional<double> score;  // by --valid-metric; none when it was not validated
  std::string checksum;         // of the file
};

// Everything that the next update depends on, except weights and moments, is a pure function of it.
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
  std::string corpus;      // fingerprint of the encoded training corpus
  std::string valid_text;  // fingerprint of the validation text
  std::string from_model;  // checksum of the weights that a fine-tuning run began with
  std::optional<KeptModel> model;
  // The update at which the work at the end of a run (validation, average, model) was done. nullopt: written
  // by an older version.
  std::optional<bool> finished = false;
};

std::string training_state_text(const TrainingState& state);

// ModelError naming `where` for a key that is missing, of another type or out of range.
TrainingState parse_training_state(std::string_view text, const std::string& where);

}  // namespace dragoman
