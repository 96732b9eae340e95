// Fine-tuning (train --from-model): a run that begins with the weights, tokenizers and shape of a model
// folder. The optimiser and the schedule begin anew, and what the run's folder holds no longer needs the
// other one.
#pragma once

#include <string>

#include "folder/model_folder.h"
#include "folder/model_options.h"
#include "model/transformer.h"
#include "tokenizer/trainer.h"

namespace dragoman {

// Whether a run has left something in this folder. run.json is the first file of a run: where it stands
// without weights and checkpoints, a start was broken off (a full disk), and another one loses nothing.
bool holds_run(const std::string& folder);

// The folder that says what shape a run has: its own, once that was begun, else the one to begin from.
std::string shape_folder(const std::string& run_folder, const std::string& from);

// True when the folder's source tokenizer is unigram. ModelError.
bool has_unigram_tokenizer(const std::string& folder);

// UsageError listing the settings that `folder` decides and that were given otherwise. Dropout may differ.
void check_fine_tuning(const std::string& folder, const ModelOptions& model,
                       const TokenizerOptions& tokenizer);

// ModelError when config.json, or another settings file of a run's folder, is not what the run began with:
// the model would be saved under settings that it was not trained with.
void check_settings_of_run(const std::string& folder, const ModelOptions& model);

// Writes all but weights and run.json of a new run's folder: the tokenizers as they are, the settings anew.
// `model` gets what no flag can say.
void copy_settings(const ModelFolder& from, const std::string& run_folder, ModelOptions& model);

// The weights to begin with. ModelError.
void load_first_weights(Transformer& model, const std::string& from);

}  // namespace dragoman
