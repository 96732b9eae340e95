#include "training/run_folder.h"

#include "core/json.h"
#include "folder/manifest.h"
#include "folder/model_files.h"
#include "planning/removed_options.h"
#include "training/checkpoint.h"
#include "training/fine_tuning.h"

namespace dragoman {
namespace {

// Refuses a folder with files that a new run would overwrite or remove: those of a run and those of a model.
void refuse_foreign_files(const std::string& folder) {
  if (file_exists(join_path(folder, kRunName))) return;
  for (const char* name : {"config.json", "generation_config.json", "model.safetensors", "pytorch_model.bin",
                           "vocab.json", "target_vocab.json", "source.spm", "target.spm", "added_tokens.json",
                           "tokenizer_config.json", "special_tokens_map.json", "manifest.json", "checkpoints",
                           "snapshots", "train.log.jsonl", "report.html", "tensorboard"}) {
    const std::string path = join_path(folder, name);
    if (!file_exists(path) || (is_folder(path) && list_folder(path).empty())) continue;
    throw UsageError("--model", "expected a new folder or one of an earlier run, got " + folder +
                                    ", which holds " + name +
                                    " but no run.json; give another folder, or, if the run.json of a run "
                                    "was lost, write it again from the same flags");
  }
}

// An interrupted start leaves only run.json, which a new run may overwrite. Refuses a run.json that the user
// wrote.
void refuse_foreign_settings(const RunOptions& options) {
  const std::string path = join_path(options.model_folder, kRunName);
  if (!file_exists(path)) return;
  RunOptions there;
  const nlohmann::json written = read_json_file(path, ErrorKind::kConfig);
  set_from_json(there.describe(), written, path);
  if (written == nlohmann::json::parse(json_text(to_json(there.describe())))) return;
  throw UsageError("--model", "expected a new folder or one of an earlier run, got " + options.model_folder +
                                  ", whose run.json was not written by a run; to use it, give --config " +
                                  path + " with another folder");
}

// Compares the settings with those of the run in the folder. Those that may change are logged, others are an
// error. Returns true when --from-model is another path than when the run began.
bool compare_with_run(RunOptions options, Log& log) {
  const std::string path = join_path(options.model_folder, kRunName);
  RunOptions before;
  before.model_folder = options.model_folder;
  set_from_json(before.describe(), without_removed(read_json_file(path, ErrorKind::kConfig), path), path);
  const bool from_model_moved =
      !before.from_model.empty() && !options.from_model.empty() && before.from_model != options.from_model;
  const OptionList old_list = before.describe(), new_list = options.describe();
  std::string differences;
  for (size_t i = 0; i < new_list.size(); ++i) {
    const Option &old_option = old_list[i], &new_option = new_list[i];
    if (new_option.flag_only || old_option.value_text() == new_option.value_text()) continue;
    const std::string change =
        "--" + new_option.name + " " + old_option.value_text() + " -> " + new_option.value_text();
    if (new_option.may_change || (new_option.name == "from-model" && from_model_moved))
      log.info("changed since the run began: " + change);
    else
      differences += (differences.empty() ? "" : "; ") + change;
  }
  if (!differences.empty()) {
    throw UsageError("--model", "expected the settings with which the run in " + options.model_folder +
                                    " began, got " + differences);
  }
  return from_model_moved;
}

FoundRun find_run(const RunOptions& options, Log& log) {
  const std::string& folder = options.model_folder;
  refuse_foreign_files(folder);
  if (!holds_run(folder)) {
    refuse_foreign_settings(options);
    return {};
  }
  const bool from_model_moved = compare_with_run(options, log);
  const auto checkpoint = newest_checkpoint(folder, log);
  if (!checkpoint)
    throw UsageError("--model", "expected a complete checkpoint in " + join_path(folder, "checkpoints") +
                                    ", got none: a run from scratch would overwrite the model there; to "
                                    "continue its training, give --from-model " +
                                    folder + " and another folder as --model");
  return {checkpoint, from_model_moved};
}

}  // namespace

LockedFolder::LockedFolder(const std::string& path) : path_(path), is_new_(!is_folder(path)) {
  make_folder(path);
  lock_ = std::make_unique<FolderLock>(path, "--model");
}

void LockedFolder::begin(const std::function<void()>& begin) const {
  try {
    begin();
  } catch (...) {
    if (is_new_) remove();
    throw;
  }
}

void LockedFolder::remove() const {
  try {
    remove_all(path_);
  } catch (const DataError&) {
    // The first error is reported.
  }
}

std::optional<OpenedRun> open_earlier_run(const RunOptions& options, Log& log) {
  const std::string& folder = options.model_folder;
  std::optional<LockedFolder> locked;
  if (holds_run(folder)) locked.emplace(folder);
  const FoundRun found = find_run(options, log);
  check_folder_takes_files(folder);
  if (!locked) return std::nullopt;
  return OpenedRun{std::move(*locked), found};
}

OpenedRun open_new_run(const RunOptions& options, Log& log) {
  LockedFolder folder(options.model_folder);
  return {std::move(folder), find_run(options, log)};
}

RunOptions with_settings_of_run(RunOptions options) {
  const std::string path = join_path(options.model_folder, kRunName);
  if (!options.is_auto() || options.model_folder.empty() || !holds_run(options.model_folder)) return options;
  nlohmann::json run = without_removed(read_json_file(path, ErrorKind::kConfig), path);
  RunOptions before;
  set_from_json(before.describe(), run, path);
  // compare_with_run refuses a run of the other kind.
  if (before.is_fine_tuning() != options.is_fine_tuning()) return options;
  const GivenSettings given = options.all_given();
  const GivenSettings never = {"train-source", "train-target", "train-pairs", "valid-source",
                               "valid-target", "valid-pairs",  "model",       "from-model"};
  for (const Option& option : options.describe())
    if (given.count(option.name) > 0 || never.count(option.name) > 0) run.erase(option.json_key());
  set_from_json(options.describe(), run, path);
  return options;
}

void write_run_settings(const RunOptions& options) {
  RunOptions written = options;
  written.training.max_updates_is_relative = false;
  write_file_atomically(join_path(options.model_folder, kRunName), json_text(to_json(written.describe())));
}

std::string checksum_of_weights(const std::string& folder) {
  return checksum_of_file(join_path(folder, kWeightsName));
}

void check_same_model(const std::string& folder, const std::string& began_with) {
  const std::string checksum = checksum_of_weights(folder);
  if (checksum != began_with)
    throw UsageError("--from-model", "expected the model that this run began with (checksum " +
                                         (began_with.empty() ? "unknown" : began_with) + "), got " + folder +
                                         " (" + checksum + ")");
}

}  // namespace dragoman
