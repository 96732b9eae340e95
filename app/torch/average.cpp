#include <filesystem>
#include <iostream>
#include <set>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/output_check.h"
#include "core/files.h"
#include "core/interrupt.h"
#include "core/log.h"
#include "core/replacement_file.h"
#include "core/staging_folder.h"
#include "folder/manifest.h"
#include "folder/model_examination.h"
#include "folder/model_files.h"
#include "folder/safetensors.h"
#include "folder/weight_file.h"
#include "model/weights.h"
#include "training/weight_average.h"

namespace dragoman {
namespace {

struct AverageFlags {
  std::vector<std::string> from;
  std::string settings, model;

  OptionList describe() {
    return grouped(
        "Average",
        {
            option(from, "from", "PATH",
                   "what to average, at least two, separated by commas or with repeated flags: model "
                   "folders, checkpoints (RUN/checkpoints/update-N) or files of weights "
                   "(RUN/snapshots/update-N.safetensors)"),
            option(
                settings, "settings", "DIR",
                "the model folder whose settings and tokenizers the new folder gets; default: the first of "
                "--from"),
            option(model, "model", "DIR", "the new model folder").short_form('m'),
        });
  }
};

std::string weights_of(const std::string& path) {
  const std::string inside = join_path(path, "model.safetensors");
  return file_exists(inside) || file_exists(inside + kIndexSuffix) ? inside : path;
}

// The folder whose vocabulary these weights have: a model folder itself, or the nearest one above a
// checkpoint, a snapshot or a file of weights. Empty where there is none.
std::string vocabulary_folder(const std::filesystem::path& path) {
  for (const char* above : {"", "..", "../..", "../../.."}) {
    std::filesystem::path folder = (path / above).lexically_normal();
    if (!folder.has_filename()) folder = folder.parent_path();
    if (file_exists(folder / "vocab.json")) return folder.string();
  }
  return "";
}

// Weights of other pieces have a mean too, of the same shape, that translates nothing. Each folder is read
// once: several checkpoints may belong to one, and --settings is often one of --from.
void check_vocabularies(const std::vector<std::string>& from, const ModelConfig& settings) {
  const std::string& first = settings.folder;
  const TokenizerPair tokenizers = TokenizerPair::load(settings);
  std::set<std::filesystem::path> compared = {std::filesystem::canonical(first)};
  for (const auto& path : from) {
    check_manifest(is_folder(path) ? path : folder_of(path));
    const std::string folder = vocabulary_folder(path);
    if (!folder.empty() && compared.insert(std::filesystem::canonical(folder)).second)
      require_one_vocabulary("--from", TokenizerPair::load(folder), folder, tokenizers, first);
  }
}

int run_average(AverageFlags& flags) {
  if (flags.model.empty()) throw UsageError("--model", "expected the new model folder, got none");
  if (flags.from.size() < 2)
    throw UsageError("--from", "expected at least two, got " + std::to_string(flags.from.size()));
  const std::string settings = flags.settings.empty() ? flags.from.front() : flags.settings;
  check_output_folder({"--model", flags.model},
                      named_paths({{"--from", flags.from}, {"--settings", {settings}}}));
  check_new_model_folder({"--model", flags.model});
  require_model_folder(settings);
  check_manifest(settings);
  const ModelConfig config = ModelConfig::read(settings);
  Transformer model(stored_model_options(config));
  std::vector<std::string> paths;
  for (const auto& path : flags.from) paths.push_back(weights_of(path));
  check_output_folder({"--model", flags.model}, named_paths({{"--from", paths}}));
  check_vocabularies(flags.from, config);
  load_average(model, paths);
  StagingFolder staging(flags.model, "config.json");
  for (const auto& name : settings_file_names(settings)) {
    write_file_atomically(join_path(staging.path(), name),
                          read_file(join_path(settings, name), ErrorKind::kModel));
  }
  save_weights(model, join_path(staging.path(), kWeightsName), DataType::kFloat32, OnInterrupt::kThrow);
  write_manifest(staging.path(), model_file_names(staging.path()), OnInterrupt::kThrow);
  staging.finish();
  Log(std::cerr).info("the mean of " + std::to_string(paths.size()) + " in " + flags.model);
  return 0;
}

}  // namespace

Command average_command() {
  return command<AverageFlags>(
      {.name = "average",
       .summary =
           "Averages the weights of several models of the same shape and vocabulary into a new folder.",
       .usage = "--from A --from B ... --model DIR",
       .examples =
           "  dragoman average --from en-de/checkpoints/update-8000 --from en-de/checkpoints/update-9000 \\\n"
           "    --settings en-de --model en-de-averaged\n"},
      run_average);
}

}  // namespace dragoman
