// From the settings of a run to all that the trainer needs.
//
//   RunOptions --> OpenedRun (the folder) --> RunText --> LoadedModelFolder (tokenizers, model) -->
//   TrainingText (ids)
#pragma once

#include "core/log.h"
#include "model/weights.h"
#include "training/run_folder.h"
#include "training/run_options.h"
#include "training/run_text.h"

namespace dragoman {

struct RunInputs {
  OpenedRun run;
  LoadedModelFolder folder;  // the model is on the device; a new run's has its first weights
  TrainingText text;
};

// Errors of all four kinds. Writes nothing before the text was checked.
RunInputs prepare_run(const RunOptions& options, const torch::Device& device, Log& log);

}  // namespace dragoman
