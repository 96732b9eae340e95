// A run in memory: what the parts of the trainer read and change.
#pragma once

#include <optional>

#include "model/weights.h"
#include "planning/training_options.h"
#include "planning/training_state.h"
#include "report/train_log.h"
#include "training/adam.h"
#include "training/training_clock.h"
#include "training/weight_average.h"

namespace dragoman {

struct Training {
  // folder: model, tokenizers and path of the run. Its settings files must exist.
  Training(LoadedModelFolder folder, const TrainingOptions& options, Log& log);

  MovingAverage* moving_average() { return average ? &*average : nullptr; }

  // Whether a model with this score replaces the one in the folder: none there, one without a score, or a
  // worse one.
  bool is_better_than_model(double score) const;

  // Writes the model's weights as model.safetensors. `averaged`: the number of weights whose mean they are, 0
  // for those of the present update; `score`: by --valid-metric, if known. DataError.
  void write_model(int64_t averaged, std::optional<double> score);

  LoadedModelFolder folder;
  TrainingOptions options;
  Adam optimiser;
  std::optional<MovingAverage> average;  // --moving-average
  TrainingState state;
  TrainingClock clock;
  Log& log;
  TrainLog train_log;
};

}  // namespace dragoman
