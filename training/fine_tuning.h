// Fine-tuning (train --from-model): a run that begins with the weights, tokenizers and shape of a model
// folder. The optimiser and the schedule start from the beginning. The run's folder is complete: a resumed
// run does not need the other one.
#pragma once

#include <string>

#include "folder/model_folder.h"
#include "folder/model_options.h"
#include "model/transformer.h"
#include "tokenizer/trainer.h"

namespace dragoman {

// The settings of a run, in its folder.
inline constexpr char kRunName[] = "run.json";

// Whether a run has left something in this folder. run.json is the first file of a run: without weights and
// checkpoints, a start was interrupted (a full disk), and another start loses nothing.
bool holds_run(const std::string& folder);

// The folder that determines the shape of a run: its own if the run has started, else the one to start from.
std::string shape_folder(const std::string& run_folder, const std::string& from);

// True when the folder's source tokenizer is unigram. ModelError.
bool has_unigram_tokenizer(const ModelConfig& config);

// UsageError listing the given settings that differ from those of the folder. Dropout may differ.
void check_fine_tuning(const ModelConfig& shape, const ModelOptions& model,
                       const TokenizerOptions& tokenizer);

// ModelError when a settings file of a run's folder is not what its manifest lists.
void check_settings_files(const std::string& folder);
// ModelError when config.json of a run's folder is not what the run began with: the model would be saved
// under settings that it was not trained with.
void check_settings_of_run(const ModelConfig& config, const ModelOptions& model);

// `model` with the sizes and ids that no flag sets, from a folder's config.json.
ModelOptions with_folder_sizes(ModelOptions model, const ModelOptions& folder);

// Writes all files of a new run's folder except weights and run.json: copies the tokenizers, writes `model`.
void copy_settings(const ModelFolder& from, const std::string& run_folder, const ModelOptions& model);

}  // namespace dragoman
