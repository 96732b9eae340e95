// All settings of a training run: run.json, and the flags of `dragoman train`.
#pragma once

#include <optional>
#include <string>

#include "core/options.h"
#include "data/encoded_corpus.h"
#include "folder/config.h"
#include "folder/model_options.h"
#include "planning/auto_preset.h"
#include "planning/training_options.h"
#include "tokenizer/trainer.h"

namespace dragoman {

// The preset that chooses by text, machine and time (planning/auto_preset.h).
inline constexpr char kAutoPreset[] = "auto";
// The model of a preset; the defaults of ModelOptions for kAutoPreset. UsageError for another name.
ModelOptions shape_of_preset(const std::string& name);

struct RunOptions {
  ParallelFiles train;
  ParallelFiles valid = {{}, {}, {}, {"--valid-source", "--valid-target", "--valid-pairs"}};
  std::string model_folder;
  std::string from_model;  // fine-tuning: the folder to begin with
  std::string preset = kAutoPreset;
  CorpusOptions corpus;
  TokenizerOptions tokenizer;
  ModelOptions model;
  TrainingOptions training;
  bool plan = false;

  // Settings that kAutoPreset must not choose, beside those that differ from their defaults.
  GivenSettings given;
  // Fine-tuning: config.json of the folder that determines the shape (shape_folder), once it is read.
  std::optional<ModelConfig> shape;

  bool is_fine_tuning() const { return !from_model.empty(); }
  bool is_auto() const { return preset == kAutoPreset; }
  // `given`, and the settings that differ from their defaults.
  GivenSettings all_given() const;
  // config.json of a folder: `shape` if it is of this folder, otherwise read now. ModelError.
  ModelConfig config_of(const std::string& folder) const;
  OptionList describe();
};

// Checks what can be checked before the text is read. Returns the options with the shape.
// UsageError; ModelError for the folder of --from-model.
RunOptions checked(RunOptions options);

}  // namespace dragoman
