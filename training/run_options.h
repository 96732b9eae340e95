// All settings of a training run: run.json, and the flags of `dragoman train`.
#pragma once

#include <string>

#include "core/options.h"
#include "data/encoded_corpus.h"
#include "folder/model_options.h"
#include "planning/training_options.h"
#include "tokenizer/trainer.h"

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

  bool is_fine_tuning() const { return !from_model.empty(); }
  OptionList describe();
};

// Checks what can be checked before the text is read. UsageError; ModelError for the folder of --from-model.
void check_run_options(const RunOptions& options);

}  // namespace dragoman
