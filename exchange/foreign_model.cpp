#include "exchange/foreign_model.h"

#include <algorithm>

#include "core/error.h"
#include "core/files.h"

namespace dragoman {
namespace {

constexpr char kReads[] = "pytorch_model.bin of a Hugging Face Marian folder, or an .npz or .bin of Marian";

[[noreturn]] void refuse(const std::string& path, const std::string& got, const std::string& remedy) {
  throw ModelError(path, std::string("expected ") + kReads + ", got " + got + ": " + remedy);
}

// Each ends with what the user can do.
constexpr char kNoConverter[] = "its architecture is not that of Marian, and there is no conversion",
               kUnpack[] = "unpack it and import the folder",
               kOpensAsItIs[] = "it needs no import, give the folder to --model",
               kJoin[] =
                   "join the parts first: in Python, "
                   "MarianMTModel.from_pretrained(FOLDER).save_pretrained(NEW) writes a "
                   "folder that needs no import";

std::string_view suffix_of_torch_checkpoint(const std::string& name) {
  for (const std::string_view suffix : {".pt", ".pth", ".ckpt", ".th"}) {
    if (has_suffix(name, suffix)) return suffix;
  }
  return "";
}

ModelKind kind_of_folder(const InputFiles& files, const std::string& path) {
  const auto names = files.list(path);
  const auto has = [&](std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  const auto any = [&](const auto& holds) { return std::any_of(names.begin(), names.end(), holds); };
  if (has("pytorch_model.bin")) return ModelKind::kTorch;
  if (has("model.safetensors") || has("model.safetensors.index.json")) {
    throw UsageError("PATH", "expected a folder without model.safetensors, got " + path +
                                 ", which opens as it is: " + kOpensAsItIs);
  }
  const bool is_marian = has("decoder.yml") || any([](const auto& name) { return has_suffix(name, ".npz"); });
  if (is_marian) return ModelKind::kMarianFolder;
  if (has("pytorch_model.bin.index.json"))
    refuse(path, "weights in several parts (pytorch_model.bin.index.json)", kJoin);
  if (has("model.bin") && any([](const auto& name) { return name.find("vocabulary") != std::string::npos; }))
    refuse(path, "a model of CTranslate2 (model.bin)", "import the model that it was converted from");
  for (const auto& name : names) {
    if (!suffix_of_torch_checkpoint(name).empty())
      refuse(path, "a checkpoint of fairseq, OpenNMT-py, JoeyNMT or another PyTorch program (" + name + ")",
             kNoConverter);
    if (name == "tf_model.h5" || name == "flax_model.msgpack" || has_suffix(name, ".onnx"))
      refuse(path, "weights of another framework (" + name + ")",
             "download the folder with model.safetensors or pytorch_model.bin");
  }
  throw UsageError("PATH", std::string("expected a folder with ") +
                               "pytorch_model.bin, decoder.yml or an .npz, got " + path +
                               (files.is_archive() || !names.empty() ? "" : ", which is empty"));
}

ModelKind kind_of_bin(std::string_view bytes, const std::string& path) {
  constexpr std::string_view kMarianVersion("\1\0\0\0\0\0\0\0", 8);
  const std::string_view head = bytes.substr(0, 64);
  if (head.substr(0, 8) == kMarianVersion) return ModelKind::kMarianBin;
  if (head.find("TransformerSpec") != std::string_view::npos)
    refuse(path, "a model of CTranslate2", "import the model that it was converted from");
  // A zip archive, or the object stream of PyTorch before 1.6.
  if (head.substr(0, 4) == "PK\3\4" || head.substr(0, 1) == "\x80") return ModelKind::kTorch;
  refuse(path, "a file that none of these programs writes", "check that the download is complete");
}

}  // namespace

ModelKind kind_of_model(InputFiles& files, const std::string& path, bool is_folder) {
  if (is_folder) return kind_of_folder(files, path);
  const std::string_view bytes = files.bytes(path);
  if (has_suffix(path, ".npz")) return ModelKind::kMarianNpz;
  if (!suffix_of_torch_checkpoint(path).empty())
    refuse(path, "a checkpoint of fairseq, OpenNMT-py, JoeyNMT or another PyTorch program", kNoConverter);
  if (has_suffix(path, ".safetensors")) refuse(path, "weights that open as they are", kOpensAsItIs);
  for (const char* suffix : {".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".7z", ".gz", ".argosmodel"}) {
    if (has_suffix(path, suffix)) refuse(path, "an archive", kUnpack);
  }
  return kind_of_bin(bytes, path);
}

}  // namespace dragoman
