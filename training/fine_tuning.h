// Fine-tuning (train --from-model): a run that begins with the weights, tokenizers and shape of a model
// folder. The optimiser and the schedule begin anew, and what the run's folder holds no longer needs the
// other one.
#pragma once

#include <string>

#include "model/model_options.h"
#include "model/transformer.h"
#include "tokenizer/trainer.h"

namespace dragoman {

// The folder that says what shape a run has: its own, once that was begun, else the one to begin from.
std::string shape_folder(const std::string& run_folder, const std::string& from);

// True when the folder's source tokenizer is unigram. ModelError.
bool has_unigram_tokenizer(const std::string& folder);

// UsageError listing the settings that `folder` decides and that were given otherwise. Dropout may differ.
void check_fine_tuning(const std::string& folder, const ModelOptions& model,
                       const TokenizerOptions& tokenizer);

// Writes all but weights and run.json of a new run's folder: the tokenizers as they are, the settings anew.
// `model` gets what no flag can say. ModelError for a damaged folder.
void copy_settings(const std::string& from, const std::string& run_folder, ModelOptions& model);

// The weights to begin with. ModelError.
void load_first_weights(Transformer& model, const std::string& from);

}  // namespace dragoman
