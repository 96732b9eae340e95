// One training run from text files to a model folder: reads and checks the text, makes or loads the
// tokenizers, builds the model, trains, and goes on where an earlier call with the same settings stopped.
#pragma once

#include <string>

#include "core/log.h"
#include "core/options.h"
#include "data/encoded_corpus.h"
#include "folder/model_options.h"
#include "planning/plan.h"
#include "planning/training_options.h"
#include "tokenizer/trainer.h"
#include "training/trainer.h"

namespace dragoman {

struct RunOptions {
  ParallelFiles train;
  ParallelFiles valid = {{}, {}, {}, {"--valid-source", "--valid-target", "--valid-pairs"}};
  std::string model_folder;
  std::string from_model;  // fine-tuning: the folder to begin with
  std::string preset = "small";
  CorpusOptions corpus;
  TokenizerOptions tokenizer;
  ModelOptions model = model_preset("small");
  TrainingOptions training;
  bool plan = false;

  OptionList describe();
};

// Trains, or resumes by itself. Errors of all four kinds; nothing is written before the text was found fit.
StopReason run_training(const RunOptions& options, Log& log, RunRequests& requests);

// Trains for some seconds in a temporary folder, without validations; the model folder is not touched.
TrainingPlan plan_training(const RunOptions& options, Log& log, RunRequests& requests);

}  // namespace dragoman
