#include "folder/model_examination.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "folder/model_files.h"
#include "folder/safetensors.h"

namespace dragoman {
namespace {

using std::string_view_literals::operator""sv;

constexpr char kExpected[] = "expected a model folder, got ";
constexpr std::string_view kPointer = "version https://git-lfs.github.com/spec/";
constexpr uint64_t kLargestPointer = 1024;  // bytes

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && std::string_view(text).substr(text.size() - end.size()) == end;
}

std::string first_bytes(const std::string& path, size_t count) {
  std::string bytes(count, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(bytes.data(), static_cast<std::streamsize>(count));
  bytes.resize(static_cast<size_t>(std::max<std::streamsize>(0, file.gcount())));
  return bytes;
}

std::optional<ModelProblem> examine_pointer(const std::string& path) {
  if (is_folder(path) || file_size(path, ErrorKind::kModel) > kLargestPointer ||
      first_bytes(path, kPointer.size()) != kPointer)
    return std::nullopt;
  return ModelProblem{path, "expected the file itself, got a pointer of git-lfs, which has not fetched it",
                      "install git-lfs and run git lfs pull in the folder, or download the file"};
}

std::optional<ModelProblem> examine_pointers(const std::string& folder) {
  for (const auto& name : list_folder(folder)) {
    if (auto problem = examine_pointer(join_path(folder, name))) return problem;
  }
  return std::nullopt;
}

struct Archive {
  std::string_view start;
  size_t at;
  const char* name;
  const char* tool;
};
constexpr std::array<Archive, 6> kArchives = {{{"PK\3\4"sv, 0, "a zip archive", "unzip"},
                                               {"\x1F\x8B"sv, 0, "a gzip archive", "tar xzf"},
                                               {"\xFD"
                                                "7zXZ"sv,
                                                0, "an xz archive", "tar xJf"},
                                               {"\x28\xB5\x2F\xFD"sv, 0, "a zstd archive", "tar --zstd -xf"},
                                               {"BZh"sv, 0, "a bzip2 archive", "tar xjf"},
                                               {"ustar"sv, 257, "a tar archive", "tar xf"}}};

// A file instead of a folder.
ModelProblem examine_file(const std::string& path) {
  if (auto pointer = examine_pointer(path)) return *pointer;
  const auto problem = [&](const std::string& got, const std::string& remedy) {
    return ModelProblem{path, kExpected + got, remedy};
  };
  if (ends_with(path, ".safetensors") || ends_with(path, ".json") || ends_with(path, ".spm"))
    return problem("one file of it", "give the folder that it lies in");
  if (ends_with(path, ".npz") || ends_with(path, ".bin") || ends_with(path, ".pt"))
    return problem("a file of weights", "dragoman import " + path + " --model NEW_FOLDER");
  const std::string bytes = first_bytes(path, 262);
  for (const auto& archive : kArchives) {
    if (bytes.compare(std::min(archive.at, bytes.size()), archive.start.size(), archive.start) != 0) continue;
    const bool argos = ends_with(path, ".argosmodel");
    return problem(
        std::string(archive.name) + (argos ? " of Argos Translate, whose models are CTranslate2's" : ""),
        argos ? "get the model that it was made of (OPUS-MT's on huggingface.co)"
              : "unpack it (" + std::string(archive.tool) + " " + path +
                    ") and give the folder that comes out of it");
  }
  return problem("a file", "");
}

// Nothing at all: perhaps the name or the address of a model on the Hugging Face hub.
ModelProblem examine_absence(const std::string& path) {
  constexpr std::string_view kHub = "https://huggingface.co/";
  std::string name = path.rfind(kHub, 0) == 0 ? path.substr(kHub.size()) : path;
  while (ends_with(name, "/")) name.pop_back();
  const bool hub =
      std::count(name.begin(), name.end(), '/') == 1 && name.front() != '/' && name.front() != '.';
  return {path, std::string(kExpected) + "nothing there",
          hub ? "a model of the Hugging Face hub is downloaded first: hf download " + name + " --local-dir " +
                    name.substr(name.find('/') + 1)
              : ""};
}

// The model's folder inside of the one that the Hugging Face hub's cache makes of it, or "".
std::string snapshot_in(const std::string& folder) {
  const auto names = list_folder(folder);
  if (std::any_of(names.begin(), names.end(), [](const auto& n) { return n.rfind("models--", 0) == 0; }))
    return join_path(folder, "models--.../snapshots/...");
  const bool inner = std::filesystem::path(folder).filename() == "snapshots";
  const std::string snapshots = inner ? folder : join_path(folder, "snapshots");
  const auto revisions = list_folder(snapshots);
  if (revisions.size() == 1) return join_path(snapshots, revisions.front());
  return revisions.empty() ? "" : snapshots + "/...";
}

// A folder without weights that can be read.
std::optional<ModelProblem> examine_folder(const std::string& folder) {
  const auto has = [&](const char* name) { return file_exists(join_path(folder, name)); };
  const auto problem = [&](const std::string& got, const std::string& remedy) {
    return ModelProblem{folder, kExpected + got, remedy};
  };
  const auto names = list_folder(folder);
  const bool npz =
      std::any_of(names.begin(), names.end(), [](const auto& n) { return ends_with(n, ".npz"); });
  const bool shards = std::any_of(names.begin(), names.end(),
                                  [](const auto& n) { return n.rfind("pytorch_model-", 0) == 0; });
  if (has("pytorch_model.bin"))
    return problem("one that holds its weights as pytorch_model.bin alone",
                   "dragoman import " + folder + " --model NEW_FOLDER");
  if (shards)
    return problem("one that holds its weights as several pytorch_model-*.bin",
                   "load and save it with transformers, which writes model.safetensors");
  if (has("model.bin"))
    return problem("a model of CTranslate2 (model.bin)",
                   "give the folder that it was converted from: the conversion cannot be undone");
  if (npz || has("decoder.yml"))
    return problem("files of Marian", "dragoman import " + folder + " --model NEW_FOLDER");
  if (has("tf_model.h5") || has("flax_model.msgpack"))
    return problem("one that holds its weights for TensorFlow or Flax alone",
                   "download its model.safetensors or pytorch_model.bin");
  if (const std::string snapshot = snapshot_in(folder); !snapshot.empty())
    return problem("a cache of the Hugging Face hub", "give the folder inside of it: " + snapshot);
  if (has("model") && has("metadata.json"))
    return problem("a package of Argos Translate, whose models are CTranslate2's",
                   "get the model that it was made of (OPUS-MT's on huggingface.co)");
  if (std::any_of(names.begin(), names.end(), [](const auto& n) { return n.rfind("model-0", 0) == 0; }))
    return problem("shards without model.safetensors.index.json, which says what each holds",
                   "download that file too");
  if (names.empty()) return problem("an empty folder", "");
  return std::nullopt;
}

}  // namespace

std::optional<ModelProblem> examine_model_path(const std::string& path) {
  if (!file_exists(path)) return examine_absence(path);
  if (!is_folder(path)) return examine_file(path);
  if (auto pointer = examine_pointers(path)) return pointer;
  const std::string weights = join_path(path, kWeightsName);
  if (file_exists(weights) || file_exists(weights + kIndexSuffix)) return std::nullopt;
  return examine_folder(path);
}

void require_model_folder(const std::string& path) {
  if (const auto problem = examine_model_path(path))
    throw ModelError(problem->where, problem->what + (problem->remedy.empty() ? "" : ": " + problem->remedy));
}

void refuse_git_lfs_pointers(const std::string& path) {
  if (!file_exists(path)) return;
  if (const auto problem = is_folder(path) ? examine_pointers(path) : examine_pointer(path))
    throw ModelError(problem->where, problem->what + ": " + problem->remedy);
}

}  // namespace dragoman
