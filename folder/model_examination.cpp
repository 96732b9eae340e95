#include "folder/model_examination.h"

#include <algorithm>
#include <array>
#include <cctype>
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

bool begins_with(const std::string& text, std::string_view beginning) {
  return text.rfind(beginning, 0) == 0;
}

using Names = std::vector<std::string>;

template <typename Test>
std::string first_name(const Names& names, Test test) {
  const auto found = std::find_if(names.begin(), names.end(), test);
  return found == names.end() ? "" : *found;
}

bool is_regular_file(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored);
}

// What a model is loaded or imported from. All else in a folder is its owner's, links and pipes among it.
bool is_of_model(const std::string& name) {
  for (const char* known : {"config.json", "generation_config.json", "vocab.json", "target_vocab.json",
                            "added_tokens.json", "tokenizer_config.json"}) {
    if (name == known) return true;
  }
  for (const char* end : {".safetensors", ".safetensors.index.json", ".spm", ".bin", ".npz"}) {
    if (ends_with(name, end)) return true;
  }
  return false;
}

Names model_files_in(const std::string& folder) {
  Names names = list_folder(folder);
  std::erase_if(names, [](const auto& name) { return !is_of_model(name); });
  return names;
}

std::string first_bytes(const std::string& path, size_t count) {
  std::string bytes(count, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(bytes.data(), std::ssize(bytes));
  bytes.resize(std::max<std::streamsize>(0, file.gcount()));
  return bytes;
}

std::optional<ModelProblem> examine_pointer(const std::string& path) {
  if (!is_regular_file(path) || file_size(path, ErrorKind::kModel) > kLargestPointer ||
      first_bytes(path, kPointer.size()) != kPointer)
    return std::nullopt;
  return ModelProblem{path,
                      "expected the file itself, got a git-lfs pointer to a file that was not "
                      "downloaded",
                      "install git-lfs and run git lfs pull in the folder, or download the file"};
}

std::optional<ModelProblem> examine_pointers(const std::string& folder) {
  for (const auto& name : model_files_in(folder)) {
    if (auto problem = examine_pointer(join_path(folder, name))) return problem;
  }
  return std::nullopt;
}

// As the hub's cache leaves them where its folder of blobs is gone.
std::optional<ModelProblem> examine_dangling_link(const std::string& path) {
  std::error_code error;
  const auto target = std::filesystem::read_symlink(path, error);
  if (error || file_exists(path)) return std::nullopt;
  return ModelProblem{path, "expected a file, got a link to " + target.string() + ", which is not there",
                      "copy the model with the targets of its links (cp -rL), or download it again"};
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

const Archive* archive_that_begins(const std::string& bytes) {
  for (const auto& archive : kArchives) {
    if (bytes.compare(std::min(archive.at, bytes.size()), archive.start.size(), archive.start) == 0)
      return &archive;
  }
  return nullptr;
}

bool begins_as_page(const std::string& bytes) {
  std::string text = bytes.substr(std::min(bytes.find_first_not_of(" \t\r\n"), bytes.size()));
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return begins_with(text, "<!doctype html") || begins_with(text, "<html");
}

// Something else under the name of weights or settings: an error page of a download, a file still packed.
std::optional<ModelProblem> examine_content(const std::string& path) {
  const bool weights = ends_with(path, ".safetensors");
  if ((!weights && !ends_with(path, ".json")) || !is_regular_file(path)) return std::nullopt;
  const std::string bytes = first_bytes(path, 262);
  if (begins_as_page(bytes))
    return ModelProblem{path, "expected the file itself, got a page of HTML", "download the file again"};
  // The length that begins a safetensors file may be any number; its header follows.
  if (weights && bytes.size() > 8 && bytes[8] == '{') return std::nullopt;
  if (const Archive* archive = archive_that_begins(bytes))
    return ModelProblem{path, std::string("expected the file itself, got ") + archive->name,
                        "unpack it first"};
  return std::nullopt;
}

// A file instead of a folder.
ModelProblem examine_file(const std::string& path) {
  if (auto pointer = examine_pointer(path)) return *pointer;
  const auto problem = [&](const std::string& got, const std::string& remedy) {
    return ModelProblem{path, kExpected + got, remedy};
  };
  if (ends_with(path, ".safetensors") || ends_with(path, ".json") || ends_with(path, ".spm"))
    return problem("a single file of it", "give the folder that contains it");
  if (ends_with(path, ".npz") || ends_with(path, ".bin") || ends_with(path, ".pt"))
    return problem("a file of weights", "dragoman import " + path + " --model NEW_FOLDER");
  const std::string bytes = first_bytes(path, 262);
  if (const Archive* archive = archive_that_begins(bytes)) {
    const bool argos = ends_with(path, ".argosmodel");
    return problem(
        std::string(archive->name) + (argos ? " of Argos Translate, whose models are CTranslate2's" : ""),
        argos ? "get the model that it was converted from (OPUS-MT's on huggingface.co)"
              : "unpack it (" + std::string(archive->tool) + " " + path + ") and give the unpacked folder");
  }
  return problem("a file", "");
}

// "x/y" of an address such as https://huggingface.co/x/y/tree/main; any other path as it is.
std::string name_on_the_hub(std::string path) {
  bool address = false;
  const auto cut = [&](std::string_view beginning) {
    if (!begins_with(path, beginning)) return false;
    path.erase(0, beginning.size());
    return true;
  };
  cut("https://") || cut("http://");
  cut("www.");
  for (const char* host : {"huggingface.co/", "hf.co/"}) address = cut(host) || address;
  while (ends_with(path, "/")) path.pop_back();
  const size_t second = path.find('/', std::min(path.find('/'), path.size() - 1) + 1);
  return address ? path.substr(0, second) : path;
}

// Nothing at all: perhaps the name or the address of a model on the Hugging Face hub.
ModelProblem examine_absence(const std::string& path) {
  const std::string name = path.empty() ? path : name_on_the_hub(path);
  const bool hub =
      std::count(name.begin(), name.end(), '/') == 1 && name.front() != '/' && name.front() != '.';
  return {path, std::string(kExpected) + "nothing there",
          hub ? "a model of the Hugging Face hub is downloaded first: hf download " + name + " --local-dir " +
                    name.substr(name.find('/') + 1)
              : ""};
}

// The hub names revisions by the hash of a commit.
bool is_hash(const std::string& name) {
  return name.size() == 40 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// The model's folder inside of the one that the Hugging Face hub's cache makes of it, or "". Training keeps
// snapshots of its own.
std::string snapshot_in(const std::string& folder) {
  const auto of_cache = [](const std::string& name) { return begins_with(name, "models--"); };
  if (!first_name(list_folder(folder), of_cache).empty())
    return join_path(folder, "models--.../snapshots/...");
  const std::filesystem::path path = std::filesystem::path(folder + "/").lexically_normal().parent_path();
  const bool inner = path.filename() == "snapshots";
  const std::filesystem::path around = inner ? path.parent_path() : path;
  const std::string snapshots = inner ? folder : join_path(folder, "snapshots");
  const auto revisions = list_folder(snapshots);
  const bool cache = of_cache(around.filename().string()) || is_folder((around / "refs").string()) ||
                     is_folder((around / "blobs").string()) ||
                     std::all_of(revisions.begin(), revisions.end(), is_hash);
  if (!cache || revisions.empty()) return "";
  return revisions.size() == 1 ? join_path(snapshots, revisions.front()) : snapshots + "/...";
}

// What other programs make of weights, by the names of their files.
struct OtherProgram {
  bool (*is_its_file)(const std::string& name);
  const char* got;
  const char* remedy;
};
constexpr char kGetMarian[] = "get a Marian model, such as one of OPUS-MT on huggingface.co";
const OtherProgram kOtherPrograms[] = {
    {[](const auto& name) { return name == "adapter_config.json"; },
     "an adapter (PEFT), which holds only changes to another model",
     "merge it into that model (merge_and_unload() of peft, then save_pretrained())"},
    {[](const auto& name) { return name == "tf_model.h5" || name == "flax_model.msgpack"; },
     "one with weights for TensorFlow or Flax only", "download its model.safetensors or pytorch_model.bin"},
    {[](const auto& name) { return name == "onnx" || ends_with(name, ".onnx"); },
     "one with weights for ONNX only", "download its model.safetensors or pytorch_model.bin"},
    {[](const auto& name) { return begins_with(name, "dict.") && ends_with(name, ".txt"); },
     "files of fairseq, whose models have another shape", kGetMarian},
    {[](const auto& name) { return begins_with(name, "checkpoint") && ends_with(name, ".pt"); },
     "files of fairseq, whose models have another shape", kGetMarian},
    {[](const auto& name) { return name == "params.best"; },
     "files of Sockeye, whose models have another shape", kGetMarian},
    {[](const auto& name) { return ends_with(name, ".pt") || ends_with(name, ".ckpt"); },
     "a checkpoint of another program", kGetMarian}};

// "model.safetensors.incomplete" and what browsers call a file that they have not finished.
bool is_unfinished_download(const std::string& name) {
  for (const char* end : {".incomplete", ".part", ".crdownload", ".download", ".aria2"}) {
    if (ends_with(name, end)) return true;
  }
  return false;
}

// A folder without weights that can be read.
std::optional<ModelProblem> examine_folder(const std::string& folder) {
  const auto problem = [&](const std::string& got, const std::string& remedy) {
    return ModelProblem{folder, kExpected + got, remedy};
  };
  const Names names = list_folder(folder);
  const auto has = [&](const char* name) { return std::count(names.begin(), names.end(), name) > 0; };
  const auto some = [&](auto test) { return !first_name(names, test).empty(); };
  if (has("pytorch_model.bin"))
    return problem("one with weights in pytorch_model.bin only",
                   "dragoman import " + folder + " --model NEW_FOLDER");
  if (some([](const auto& name) { return begins_with(name, "pytorch_model-"); }))
    return problem("one with weights in several pytorch_model-*.bin files",
                   "load and save it with transformers, which writes model.safetensors");
  if (has("model.bin"))
    return problem("a model of CTranslate2 (model.bin)",
                   "give the folder that it was converted from: the conversion cannot be undone");
  if (has("decoder.yml") || some([](const auto& name) { return ends_with(name, ".npz"); }))
    return problem("files of Marian", "dragoman import " + folder + " --model NEW_FOLDER");
  if (const std::string part = first_name(names, is_unfinished_download); !part.empty())
    return problem("an incomplete download (" + part + ")", "download the model again");
  for (const auto& other : kOtherPrograms) {
    if (some(other.is_its_file)) return problem(other.got, other.remedy);
  }
  if (const std::string snapshot = snapshot_in(folder); !snapshot.empty())
    return problem("a cache of the Hugging Face hub", "give the folder inside of it: " + snapshot);
  if (has("model") && has("metadata.json"))
    return problem("a package of Argos Translate, whose models are CTranslate2's",
                   "get the model that it was converted from (OPUS-MT's on huggingface.co)");
  if (some([](const auto& name) { return begins_with(name, "model-0"); }))
    return problem("shards without model.safetensors.index.json, which says what each holds",
                   "download that file too");
  const auto is_weights = [](const auto& name) { return ends_with(name, ".safetensors"); };
  if (const std::string weights = first_name(names, is_weights); !weights.empty())
    return problem("weights under another name (" + weights + ")",
                   "rename the file to " + std::string(kWeightsName));
  if (has("run.json"))
    return ModelProblem{join_path(folder, kWeightsName),
                        "expected weights, got a run of dragoman train without them",
                        "run the same train command again: it resumes and writes them"};
  if (names.empty()) return problem("an empty folder", "");
  return std::nullopt;
}

// Weights with the tokenizer of another kind of model, which has none of ours.
std::optional<ModelProblem> examine_tokenizers(const std::string& folder) {
  const auto has = [&](const char* name) { return file_exists(join_path(folder, name)); };
  if (has("source.spm") || has("target.spm") || !has("tokenizer.json")) return std::nullopt;
  return ModelProblem{
      folder, std::string(kExpected) + "one with tokenizer.json and without source.spm and target.spm",
      "download these files and vocab.json too: every Marian model has them"};
}

}  // namespace

std::optional<ModelProblem> examine_model_path(const std::string& path) {
  if (!file_exists(path)) return examine_absence(path);
  if (!is_folder(path)) return examine_file(path);
  for (const auto& name : model_files_in(path)) {
    const std::string file = join_path(path, name);
    for (const auto& examine : {examine_pointer, examine_dangling_link, examine_content}) {
      if (auto problem = examine(file)) return problem;
    }
  }
  const std::string weights = join_path(path, kWeightsName);
  if (file_exists(weights) || file_exists(weights + kIndexSuffix)) return examine_tokenizers(path);
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
