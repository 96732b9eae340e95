#include "app/output_check.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <optional>

#include "core/error.h"
#include "core/files.h"
#include "core/replacement_file.h"
#include "core/staging_folder.h"

namespace dragoman {
namespace {

namespace fs = std::filesystem;

// A file that data can be lost in: a regular one or a named pipe. What does not exist yet is
// distinguished by its folder and its name.
struct Place {
  FileIdentity file;
  std::string name_to_be;
  bool operator==(const Place&) const = default;
};

std::optional<Place> place_of(const struct stat& status) {
  if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode)) return std::nullopt;
  return Place{{status.st_dev, status.st_ino}, ""};
}

std::optional<Place> place_of_stream(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 ? place_of(status) : std::nullopt;
}

std::optional<Place> place_of(const std::string& path, int stream) {
  if (path == "-") return place_of_stream(stream);
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) return place_of(status);
  const fs::path target = link_target(path);
  const auto folder = file_identity(target.has_parent_path() ? target.parent_path().string() : ".");
  if (!folder) return std::nullopt;
  return Place{*folder, target.filename().string()};
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// What train writes and what a model is loaded from. Other files in the folder are its owner's.
bool is_of_model(const fs::path& relative) {
  const std::string name = relative.filename().string();
  for (const char* known :
       {"config.json", "generation_config.json", "vocab.json", "target_vocab.json", "tokenizer_config.json",
        "special_tokens_map.json", "added_tokens.json", "manifest.json", "run.json", "state.json",
        "report.html", "train.log.jsonl", ".lock"}) {
    if (name == known) return true;
  }
  for (const char* end :
       {".safetensors", ".safetensors.index.json", ".spm", ".bin", ".npz", ".yml", ".yaml"}) {
    if (ends_with(name, end)) return true;
  }
  return name.rfind("events.out.tfevents.", 0) == 0 || *relative.begin() == "checkpoints" ||
         *relative.begin() == "snapshots";
}

NamedPaths files_of_model(const NamedPath& folder) {
  NamedPaths files;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder.path, error), end; !error && entry != end;
       entry.increment(error)) {
    const fs::path relative = entry->path().lexically_relative(folder.path);
    if (!is_folder(entry->path().string()) && is_of_model(relative))
      files.push_back({folder.flag, entry->path().string()});
  }
  return files;
}

std::string name_of(const NamedPath& named, const char* stream) {
  if (named.path == "-") return stream;
  return named.flag + " " + named.path;
}

[[noreturn]] void refuse_input(const NamedPath& output, const NamedPath& input) {
  const bool streams = output.path == "-" || output.flag.empty();
  throw UsageError(streams ? "standard output" : output.flag,
                   "expected a file that is not an input, got " +
                       (output.path == "-" ? "" : output.path + ", ") + "the file of " +
                       name_of(input, "standard input"));
}

// Two outputs, standard error among them, that would write over each other.
void check_outputs_differ(const NamedPaths& outputs) {
  const auto log = place_of_stream(STDERR_FILENO);
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto place = place_of(outputs[i].path, STDOUT_FILENO);
    if (!place) continue;
    const std::string rule = "expected a separate output file, got " + outputs[i].path + ", the file of ";
    if (outputs[i].path != "-" && place == log) throw UsageError(outputs[i].flag, rule + "standard error");
    for (size_t j = i + 1; j < outputs.size(); ++j) {
      if (place == place_of(outputs[j].path, STDOUT_FILENO) && outputs[i].path + outputs[j].path != "--")
        throw UsageError(outputs[i].flag, rule + name_of(outputs[j], "standard output"));
    }
  }
}

// A file that a model or a run is made of: whoever writes over it loses the model.
void refuse_part_of_model(const NamedPath& output) {
  struct stat status {};
  if (output.path == "-" || ::stat(output.path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  const fs::path target = link_target(output.path);
  const std::string folder = target.has_parent_path() ? target.parent_path().string() : ".";
  const auto holds = [&](const char* name) { return file_exists(join_path(folder, name)); };
  const bool is_model = holds("config.json") && (holds("vocab.json") || holds("manifest.json"));
  if (is_of_model(target.filename()) && (is_model || holds("run.json") || holds("state.json")))
    throw UsageError(output.flag, "expected a file that is no part of a model, got " + output.path +
                                      ", which belongs to the model or run in " + folder);
}

void remove_absent(NamedPaths& paths) {
  paths.erase(
      std::remove_if(paths.begin(), paths.end(), [](const auto& named) { return named.path.empty(); }),
      paths.end());
}

void check_plain_name(const NamedPath& output) {
  struct stat status {};
  if (::stat(output.path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) return;
  std::string name = output.path;
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const char* end : {".gz", ".xz", ".zst", ".bz2", ".zip", ".7z", ".lz4", ".lzma", ".br", ".rar", ".z",
                          ".lz", ".lzo", ".tgz", ".txz", ".tbz", ".tbz2", ".tzst"}) {
    if (ends_with(name, end)) {
      throw UsageError(output.flag,
                       "expected a name without the ending of a compressed file, got " + output.path +
                           ": results are not compressed on writing; use a pipe, such as | gzip > " +
                           output.path);
    }
  }
}

}  // namespace

NamedPaths named_paths(const std::vector<std::pair<std::string, std::vector<std::string>>>& flags) {
  NamedPaths named;
  for (const auto& [flag, paths] : flags) {
    for (const auto& path : paths) named.push_back({flag, path});
  }
  return named;
}

void check_outputs(NamedPaths outputs, const NamedPaths& inputs) {
  remove_absent(outputs);
  NamedPaths read;
  for (const auto& input : inputs) {
    if (!input.path.empty() && input.path != "-" && is_folder(input.path)) {
      const NamedPaths files = files_of_model(input);
      read.insert(read.end(), files.begin(), files.end());
    } else if (!input.path.empty()) {
      read.push_back(input);
    }
  }
  for (const auto& output : outputs) {
    if (output.path != "-" && is_folder(output.path)) cannot(ErrorKind::kData, "write", output.path, EISDIR);
    const auto place = place_of(output.path, STDOUT_FILENO);
    for (const auto& input : read) {
      if (place && place == place_of(input.path, STDIN_FILENO)) refuse_input(output, input);
    }
    refuse_part_of_model(output);
  }
  check_outputs_differ(outputs);
}

void check_text_outputs(const NamedPaths& outputs, const NamedPaths& inputs) {
  check_outputs(outputs, inputs);
  for (const auto& output : outputs) check_plain_name(output);
}

void check_new_model_folder(const NamedPath& folder) {
  if (is_free_for_new_folder(folder.path)) return;
  const auto refuse = [&](const std::string& why) {
    throw UsageError(folder.flag, "expected a new folder, got " + folder.path + ", which " + why);
  };
  if (!is_folder(folder.path)) refuse("is a file");
  for (const auto& name : list_folder(folder.path)) {
    if (is_of_model(name)) refuse("holds " + name);
  }
}

void check_output_folder(const NamedPath& folder, const NamedPaths& inputs) {
  if (folder.path.empty() || !file_exists(folder.path)) return;
  const auto identity = file_identity(folder.path);
  for (const auto& input : inputs) {
    if (input.path.empty() || input.path == "-") continue;
    if (file_identity(input.path) == identity)
      throw UsageError(folder.flag, "expected a folder that is not an input, got " + folder.path +
                                        ", that of " + input.flag + " " + input.path);
  }
  NamedPaths files;
  for (const auto& input : inputs) {
    if (!input.path.empty() && !is_folder(input.path)) files.push_back(input);
  }
  for (const auto& file : files_of_model(folder)) {
    const auto place = place_of(file.path, STDOUT_FILENO);
    for (const auto& input : files) {
      if (place && place == place_of(input.path, STDIN_FILENO))
        throw UsageError(folder.flag, "expected a folder whose files are not inputs, got " + folder.path +
                                          ", which holds the file of " + input.flag + " " + input.path);
    }
  }
}

}  // namespace dragoman
