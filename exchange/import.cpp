#include "exchange/import.h"

#include <algorithm>
#include <optional>

#include "core/files.h"
#include "core/interrupt.h"
#include "core/log.h"
#include "core/special_tokens.h"
#include "core/staging_folder.h"
#include "exchange/foreign_model.h"
#include "exchange/marian_bin.h"
#include "exchange/marian_files.h"
#include "exchange/marian_model.h"
#include "exchange/marian_search.h"
#include "exchange/marian_vocabulary.h"
#include "exchange/npz_file.h"
#include "exchange/torch_model.h"
#include "folder/manifest.h"
#include "folder/model_examination.h"
#include "folder/model_files.h"
#include "tokenizer/trainer.h"

namespace dragoman {
namespace {

constexpr char kTorchName[] = "pytorch_model.bin";

ImportReport write_weights(const std::string& folder, const GatheredWeights& weights) {
  write_safetensors(join_path(folder, kWeightsName), weights.tensors(), {{"format", "pt"}},
                    OnInterrupt::kThrow);
  write_manifest(folder, model_file_names(folder), OnInterrupt::kThrow);
  return {std::ssize(weights.tensors()), weights.numbers(), weights.absent(), weights.checksum(), {}};
}

ImportReport import_torch(const std::string& path, const std::string& target) {
  const std::string source = folder_of(path);
  const ModelConfig config = ModelConfig::read(source);
  refuse_git_lfs_pointers(source);
  TokenizerPair::load(config);  // damaged ones are refused before anything is written
  const MappedFile bytes(path);
  const TorchFile file(bytes.bytes(), path);
  const GatheredWeights weights = gather_torch_weights(file, config.options, path);
  for (const auto& name : settings_file_names(source)) {
    write_file_atomically(join_path(target, name), read_file(join_path(source, name), ErrorKind::kModel));
  }
  const std::string generation = join_path(target, "generation_config.json");
  if (!file_exists(generation))
    write_file_atomically(
        generation, generation_config_text(config.options, read_generation_config(source, config.json)));
  return write_weights(target, weights);
}

// Tensors of a model that Marian trained, and the archive that they view.
struct MarianTensors {
  std::optional<NpzFile> npz;
  ForeignTensors bin;
  const ForeignTensors& arrays() const { return npz ? npz->arrays() : bin; }
};

MarianTensors read_marian_tensors(std::string_view bytes, const std::string& path) {
  MarianTensors tensors;
  if (has_suffix(path, ".npz"))
    tensors.npz.emplace(bytes, path);
  else
    tensors.bin = parse_marian_bin(bytes, path);
  return tensors;
}

// The vocabularies of both sides. They have the same size, and <pad> is the last entry of each.
struct MarianVocabularies {
  Vocabulary source, target;
  int64_t source_rows, target_rows;  // without <pad> and unused entries
};

MarianVocabularies read_vocabularies(InputFiles& files, const MarianFiles& found,
                                     const MarianSettings& settings, std::vector<std::string>& notes) {
  const auto read = [&](const std::string& path, size_t side) {
    return read_marian_vocabulary(files.bytes(path), path, marian_vocabulary_size(settings, side), notes);
  };
  std::vector<std::string> source = read(found.vocabularies.front(), 0),
                           target = read(found.vocabularies.back(), 1);
  const int64_t source_rows = source.size(), target_rows = target.size();
  const size_t rows = std::max(source.size(), target.size());
  for (auto* pieces : {&source, &target}) {
    fill_vocabulary(*pieces, rows);
    pieces->emplace_back(kPaddingPiece);
  }
  return {Vocabulary(std::move(source), found.vocabularies.front()),
          Vocabulary(std::move(target), found.vocabularies.back()), source_rows, target_rows};
}

bool same_pieces(const Vocabulary& one, const Vocabulary& other) {
  return one.size() == other.size() && one.to_json() == other.to_json();
}

ImportReport import_marian(const ImportOptions& given, InputFiles& files, bool is_folder,
                           const std::string& target) {
  std::vector<std::string> notes;
  const std::string path = files.is_archive() ? files.archive_root() : given.path;
  const MarianFiles found =
      find_marian_files(files, {path, is_folder, given.vocabularies, given.source_spm, given.target_spm});
  const MarianTensors tensors = read_marian_tensors(files.bytes(found.weights), found.weights);
  const MarianSettings settings = marian_settings(tensors.arrays(), found.weights);
  const MarianVocabularies vocabularies = read_vocabularies(files, found, settings, notes);
  MarianShape shape = marian_shape(settings, vocabularies.source_rows, vocabularies.target_rows,
                                   same_pieces(vocabularies.source, vocabularies.target));
  shape.options.eos_token_id = vocabularies.target.eos_id();
  for (const auto& key : unknown_marian_settings(settings)) {
    notes.push_back(settings.where() + ": " + key +
                    " is a setting that import does not know; the model may compute something else");
  }
  const GatheredWeights weights =
      gather_marian_weights(tensors.arrays(), found.weights, shape, given.positions);
  GenerationDefaults generation;
  generation.suppress_tokens = {vocabularies.target.unk_id()};  // as Marian does unless decoder.yml allows it
  if (found.decoder) apply_marian_search(*found.decoder, generation, notes);
  write_model_settings(
      target, shape.options, generation,
      {std::string(files.bytes(found.source_spm)), std::string(files.bytes(found.target_spm)),
       vocabularies.source, vocabularies.target});
  ImportReport report = write_weights(target, weights);
  report.notes = std::move(notes);
  return report;
}

}  // namespace

OptionList ImportOptions::describe() {
  return grouped(
      "Import",
      {
          option(path, "from", "PATH",
                 "the model to import (the name of the flag may be omitted): a folder with "
                 "pytorch_model.bin and its settings, a Marian folder (decoder.yml or an .npz), OPUS-MT's "
                 ".zip, or a single .bin or .npz file"),
          option(model, "model", "DIR", "the new model folder").short_form('m'),
          option(vocabularies, "vocab", "F",
                 "Marian's vocabulary (.spm, .yml, .json, or text with one piece per line), or one per "
                 "side; default: those that decoder.yml or model.npz.decoder.yml names"),
          option(source_spm, "source-spm", "F",
                 "SentencePiece model of the source; default: the vocabulary if it is one, else source.spm "
                 "next to PATH"),
          option(target_spm, "target-spm", "F",
                 "SentencePiece model of the target; default: the vocabulary if it is one, else target.spm "
                 "next to PATH"),
          option(positions, "positions", "NAME",
                 "position table of a Marian model: as Marian computes it (the model was trained with it), "
                 "or as Hugging Face does (for the same results as the conversions on its hub)"),
      });
}

std::string ImportReport::line() const {
  std::string names;
  for (const auto& name : absent) names += (names.empty() ? "" : ", ") + name;
  return with_commas(tensors) + " tensors, " + with_commas(numbers) +
         " values; absent: " + (names.empty() ? "none" : names) + "; checksum " + checksum;
}

ImportReport import_model(const ImportOptions& options,
                          const std::function<void(const std::string&)>& check) {
  if (options.path.empty()) throw UsageError("PATH", "expected a folder or file to import, got none");
  if (options.model.empty()) throw UsageError("--model", "expected the new model folder, got none");
  if (!file_exists(options.path))
    throw ModelError(options.path, "expected a folder or file to import, got nothing there");
  refuse_git_lfs_pointers(options.path);
  InputFiles files(options.path);
  const bool is_folder = files.is_archive() || dragoman::is_folder(options.path);
  const std::string root = files.is_archive() ? files.archive_root() : options.path;
  const bool from_torch = kind_of_model(files, root, is_folder) == ModelKind::kTorch;
  if (from_torch && files.is_archive())
    throw ModelError(
        options.path,
        "expected a folder with pytorch_model.bin, got an archive: unpack it and import the folder");
  if (!is_free_for_new_folder(options.model))
    throw UsageError("--model", "expected a new folder, got " + options.model + ", which exists");
  StagingFolder target(options.model, "config.json");
  const ImportReport report =
      from_torch ? import_torch(is_folder ? join_path(root, kTorchName) : root, target.path())
                 : import_marian(options, files, is_folder, target.path());
  check(target.path());
  target.finish();
  return report;
}

}  // namespace dragoman
