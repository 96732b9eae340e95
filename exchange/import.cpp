#include "exchange/import.h"

#include <filesystem>
#include <optional>

#include "core/files.h"
#include "core/log.h"
#include "core/manifest.h"
#include "core/special_tokens.h"
#include "decoding/model_files.h"
#include "exchange/marian_model.h"
#include "exchange/torch_model.h"
#include "tokenizer/trainer.h"

namespace dragoman {
namespace {

constexpr char kTorchName[] = "pytorch_model.bin", kDecoderName[] = "decoder.yml";
constexpr uint64_t kLargestText = uint64_t{1} << 28;

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

std::string beside(const std::string& folder, const std::string& name) {
  return std::filesystem::path(name).is_absolute() ? name : join_path(folder, name);
}

bool has_suffix(const std::string& path, std::string_view suffix) {
  return path.size() > suffix.size() && path.substr(path.size() - suffix.size()) == suffix;
}

// Where a new folder grows before it gets its name.
class GrowingFolder {
 public:
  explicit GrowingFolder(std::string name) {
    while (name.size() > 1 && name.back() == '/') name.pop_back();
    name_ = name, path_ = name + ".importing";
    if (file_exists(name) && (!is_folder(name) || !list_folder(name).empty()))
      throw UsageError("--model", "required a new folder, got " + name + ", which is there");
    remove_all(path_);
    make_folder(path_);
  }
  ~GrowingFolder() {
    if (!finished_) remove_all(path_);
  }
  GrowingFolder(const GrowingFolder&) = delete;
  GrowingFolder& operator=(const GrowingFolder&) = delete;

  const std::string& path() const { return path_; }
  void finish() {
    remove_all(name_);
    rename_path(path_, name_);
    finished_ = true;
  }

 private:
  std::string name_, path_;
  bool finished_ = false;
};

ImportReport write_weights(const std::string& folder, const GatheredWeights& weights) {
  write_safetensors(join_path(folder, kWeightsName), weights.tensors());
  write_manifest(folder, model_file_names(folder));
  return {static_cast<int64_t>(weights.tensors().size()), weights.numbers(), weights.absent(),
          weights.checksum()};
}

ImportReport import_torch(const std::string& path, const std::string& target) {
  const std::string source = folder_of(path);
  const ModelOptions options = read_model_config(source);
  TokenizerPair::load(source);  // damaged ones are refused before anything is written
  const MappedFile bytes(path);
  const TorchFile file(bytes.bytes(), path);
  const GatheredWeights weights = gather_torch_weights(file, options, path);
  for (const auto& name : model_file_names(source)) {
    if (name != kWeightsName)
      write_file_atomically(join_path(target, name), read_file(join_path(source, name), ErrorKind::kModel));
  }
  const std::string generation = join_path(target, "generation_config.json");
  if (!file_exists(generation))
    write_file_atomically(generation, generation_config_text(options, read_generation_config(source)));
  return write_weights(target, weights);
}

// What an import from Marian reads.
struct MarianFiles {
  std::string weights;
  std::vector<std::string> vocabularies;  // one, or one a side
  std::string source_spm, target_spm;
  int64_t beam_size = 4;
};

// One .npz of a folder without decoder.yml.
std::string only_npz(const std::string& folder) {
  std::optional<std::string> found;
  for (const auto& name : list_folder(folder)) {
    if (!has_suffix(name, ".npz")) continue;
    if (found)
      throw UsageError("PATH", "required one .npz in " + folder + ", got " + *found + " and " + name);
    found = name;
  }
  if (!found)
    throw UsageError("PATH",
                     "required a folder with pytorch_model.bin, decoder.yml or an .npz, got " + folder);
  return join_path(folder, *found);
}

MarianFiles find_marian_files(const ImportOptions& options) {
  MarianFiles files;
  const bool folder_given = is_folder(options.path);
  const std::string folder = folder_given ? options.path : folder_of(options.path);
  files.weights = options.path;
  const std::string decoder = join_path(folder, kDecoderName);
  if (file_exists(decoder)) {
    const auto settings = MarianSettings::parse(read_file(decoder, ErrorKind::kModel, kLargestText), decoder);
    if (folder_given && settings.list("models").size() != 1)
      throw ModelError(decoder + ": models",
                       "required one model, got " + std::to_string(settings.list("models").size()));
    if (folder_given) files.weights = beside(folder, settings.text("models"));
    for (const auto& name : settings.list("vocabs")) files.vocabularies.push_back(beside(folder, name));
    if (settings.has("beam-size")) files.beam_size = settings.whole("beam-size", 1, 1 << 12);
  } else if (folder_given) {
    files.weights = only_npz(folder);
  }
  if (!options.vocabularies.empty()) files.vocabularies = options.vocabularies;
  if (files.vocabularies.empty() || files.vocabularies.size() > 2)
    throw UsageError(
        "--vocab", "required one vocabulary or one a side, got " + std::to_string(files.vocabularies.size()));
  const std::string &first = files.vocabularies.front(), &last = files.vocabularies.back();
  const auto spm = [&](const std::string& given, const std::string& vocabulary, const char* name) {
    if (!given.empty()) return given;
    return has_suffix(vocabulary, ".spm") ? vocabulary : join_path(folder, name);
  };
  files.source_spm = spm(options.source_spm, first, "source.spm");
  files.target_spm = spm(options.target_spm, last, "target.spm");
  return files;
}

// The pieces by id, <pad> behind.
Vocabulary read_vocabulary(const std::string& path) {
  const std::string content = read_file(path, ErrorKind::kModel, kLargestText);
  if (has_suffix(path, ".spm")) return vocabulary_of(content, path);
  std::vector<std::string> pieces = parse_marian_vocabulary(content, path);
  pieces.emplace_back(kPaddingPiece);
  return Vocabulary(std::move(pieces), path);
}

ImportReport import_marian(const ImportOptions& given, const std::string& target) {
  const MarianFiles files = find_marian_files(given);
  const MappedFile bytes(files.weights);
  const NpzFile file(bytes.bytes(), files.weights);
  const Vocabulary source = read_vocabulary(files.vocabularies.front()),
                   destination = read_vocabulary(files.vocabularies.back());
  ModelOptions options =
      marian_model_options(marian_settings(file), source.size() - 1, destination.size() - 1);
  options.eos_token_id = destination.eos_id();
  const PositionScale positions =
      given.positions == "marian" ? PositionScale::kMarian : PositionScale::kPaper;
  const GatheredWeights weights = gather_marian_weights(file, options, positions);
  const auto spm = [](const std::string& path) { return read_file(path, ErrorKind::kModel, kLargestText); };
  GenerationDefaults generation;
  generation.num_beams = files.beam_size;
  write_model_settings(target, options, generation, spm(files.source_spm), spm(files.target_spm), source,
                       destination);
  TokenizerPair::load(target);
  return write_weights(target, weights);
}

}  // namespace

OptionList ImportOptions::describe() {
  return grouped(
      "Import",
      {
          option(
              path, "from", "PATH",
              "what to import, which may also stand first without this flag: a folder with pytorch_model.bin "
              "and its "
              "settings, a folder of OPUS-MT (decoder.yml, .npz, vocabularies), or the .bin or .npz itself"),
          option(model, "model", "DIR", "the new model folder").short_form('m'),
          option(vocabularies, "vocab", "F",
                 "Marian's vocabulary (.yml or .spm), or one a side; none: those that decoder.yml names"),
          option(source_spm, "source-spm", "F",
                 "SentencePiece model of the source; none: source.spm beside PATH"),
          option(target_spm, "target-spm", "F",
                 "SentencePiece model of the target; none: target.spm beside PATH"),
          option(positions, "positions", "NAME",
                 "positions of a model from Marian: as Marian computes them, with which it was trained, or "
                 "as Hugging "
                 "Face does, for the numbers of the conversions on its hub")
              .one_of({"marian", "huggingface"}),
      });
}

std::string ImportReport::line() const {
  std::string names;
  for (const auto& name : absent) names += (names.empty() ? "" : ", ") + name;
  return with_commas(tensors) + " tensors, " + with_commas(numbers) +
         " numbers; absent: " + (names.empty() ? "none" : names) + "; checksum " + checksum;
}

ImportReport import_model(const ImportOptions& options,
                          const std::function<void(const std::string&)>& check) {
  if (options.path.empty()) throw UsageError("PATH", "required a folder or file to import, got none");
  if (options.model.empty()) throw UsageError("--model", "required the new model folder, got none");
  if (!file_exists(options.path))
    throw ModelError(options.path, "required a folder or file to import, got nothing there");
  const bool folder = is_folder(options.path);
  const std::string inside = join_path(options.path, kTorchName);
  const bool from_torch = folder ? file_exists(inside) : !has_suffix(options.path, ".npz");
  if (folder && !from_torch && file_exists(join_path(options.path, kWeightsName)))
    throw UsageError("PATH", "required a folder without model.safetensors, got " + options.path +
                                 ", which opens as it is");
  GrowingFolder target(options.model);
  const ImportReport report = from_torch ? import_torch(folder ? inside : options.path, target.path())
                                         : import_marian(options, target.path());
  check(target.path());
  target.finish();
  return report;
}

}  // namespace dragoman
