#include "training/fine_tuning.h"

#include <set>

#include "core/files.h"
#include "folder/manifest.h"
#include "folder/model_examination.h"
#include "folder/model_folder.h"
#include "training/checkpoint.h"
#include "training/snapshots.h"

namespace dragoman {
namespace {

// Names and values of the options in `given` that differ from `usual`, but for those in `free`.
std::string differing(const OptionList& given, const OptionList& usual, const std::set<std::string>& free) {
  std::string text;
  for (size_t i = 0; i < given.size(); ++i) {
    if (free.count(given[i].name) > 0 || given[i].value_text() == usual[i].value_text()) continue;
    text += (text.empty() ? "--" : ", --") + given[i].name + " " + given[i].value_text() + " instead of " +
            usual[i].value_text();
  }
  return text;
}

const std::set<std::string> kDropouts = {"dropout", "attention-dropout", "activation-dropout"};

}  // namespace

bool holds_run(const std::string& folder) {
  return file_exists(join_path(folder, kRunName)) &&
         (file_exists(join_path(folder, kWeightsName)) || has_checkpoints(folder) || has_snapshots(folder));
}

std::string shape_folder(const std::string& run_folder, const std::string& from) {
  return !run_folder.empty() && holds_run(run_folder) ? run_folder : from;
}

bool has_unigram_tokenizer(const ModelConfig& config) {
  refuse_git_lfs_pointers(config.folder);
  return TokenizerPair::load(config).source.is_unigram();
}

void check_fine_tuning(const ModelConfig& shape, const ModelOptions& model,
                       const TokenizerOptions& tokenizer) {
  ModelOptions theirs = shape.options, ours = model;
  TokenizerOptions given = tokenizer, usual;
  std::string wrong = differing(ours.describe(), theirs.describe(), kDropouts);
  const std::string more = differing(given.describe(), usual.describe(), {});
  if (!wrong.empty() && !more.empty()) wrong += ", ";
  wrong += more;
  if (!wrong.empty())
    throw UsageError("--from-model", "expected the shape and the tokenizers of " + shape.folder + ", got " +
                                         wrong +
                                         "; omit these flags, or train a new model without --from-model");
}

void check_settings_files(const std::string& folder) {
  const auto is_settings = [](const std::string& name) {
    return name.find(".safetensors") == std::string::npos;
  };
  check_manifest(folder, is_settings);
}

void check_settings_of_run(const ModelConfig& config, const ModelOptions& model) {
  ModelOptions written = config.options, ours = model;
  const std::string wrong = differing(written.describe(), ours.describe(), kDropouts);
  if (!wrong.empty())
    throw ModelError(join_path(config.folder, kConfigName),
                     "expected the settings with which the run began (run.json), got " + wrong);
}

ModelOptions with_folder_sizes(ModelOptions model, const ModelOptions& folder) {
  model.vocab_size = folder.vocab_size;
  model.decoder_vocab_size = folder.decoder_vocab_size;
  model.pad_token_id = folder.pad_token_id;
  model.eos_token_id = folder.eos_token_id;
  model.max_position_embeddings = folder.max_position_embeddings;
  return model;
}

void copy_settings(const ModelFolder& from, const std::string& run_folder, const ModelOptions& model) {
  const auto write = [&](const std::string& name, const std::string& text) {
    write_file_atomically(join_path(run_folder, name), text);
  };
  const std::string generation = "generation_config.json";
  write(generation, generation_config_text(model, from.generation));
  for (const auto& name : settings_file_names(from.path)) {
    if (name != "config.json") write(name, read_file(join_path(from.path, name), ErrorKind::kModel));
  }
  write("config.json", model_config_text(model));
}

}  // namespace dragoman
