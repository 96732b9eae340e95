// From the settings of a run to all that the trainer needs.
//
//   RunOptions --> OpenedRun (the folder) --> RunText --> tokenizers --> TrainingText (ids) -->
//   RunOptions, complete --> LoadedModelFolder (the model)
#pragma once

#include <string>
#include <vector>

#include "core/log.h"
#include "core/running_clock.h"
#include "model/weights.h"
#include "training/run_folder.h"
#include "training/run_options.h"
#include "training/run_text.h"

namespace dragoman {

struct RunInputs {
  RunOptions options;               // complete: those of a new run with what `--preset auto` chose
  std::vector<std::string> choice;  // what that was, for the user
  OpenedRun run;
  LoadedModelFolder folder;  // the model is on the device; a new run's has its first weights
  TrainingText text;
};

// Errors of all four kinds. Writes nothing before the text was checked.
// `clock` runs since the command began.
RunInputs prepare_run(const RunOptions& options, const torch::Device& device, RunningClock& clock, Log& log);

}  // namespace dragoman
