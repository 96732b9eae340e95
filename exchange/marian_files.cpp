#include "exchange/marian_files.h"

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "core/files.h"
#include "exchange/marian_vocabulary.h"

namespace dragoman {
namespace {

constexpr char kDecoderName[] = "decoder.yml";
constexpr char kDecoderSuffix[] = ".decoder.yml";
constexpr size_t kMaxSettings = 1 << 20;

std::string file_name(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

bool is_weights_name(const std::string& name) {
  const bool is_other = has_suffix(name, ".optimizer.npz") || has_suffix(name, ".orig.npz");
  return has_suffix(name, ".npz") && !is_other;
}

// The only .npz that has weights.
std::string only_weights(const InputFiles& files, const std::string& folder) {
  std::vector<std::string> found;
  std::string all;
  for (const auto& name : files.list(folder)) {
    if (!is_weights_name(name)) continue;
    found.push_back(name);
    all += (all.empty() ? "" : ", ") + name;
  }
  if (found.size() == 1) return join_path(folder, found[0]);
  if (found.empty())
    throw UsageError(
        "PATH", "expected pytorch_model.bin, decoder.yml or an .npz in the folder, got none in " + folder);
  throw UsageError("PATH", "expected one .npz in " + folder + ", got " + all + ": name the one to import");
}

// model.npz.best-bleu.npz: its own .decoder.yml, then that of model.npz, then decoder.yml.
std::string decoder_of(const InputFiles& files, const std::string& weights) {
  const std::string folder = folder_of(weights), name = file_name(weights);
  std::vector<std::string> candidates = {name + kDecoderSuffix};
  for (const char* mark : {".best-", ".iter"}) {
    const size_t at = name.find(mark);
    if (at == std::string::npos) continue;
    const std::string stem = name.substr(0, at);
    candidates.push_back(stem + kDecoderSuffix);
    if (!has_suffix(stem, ".npz")) candidates.push_back(stem + ".npz" + kDecoderSuffix);
  }
  if (has_suffix(name, ".bin"))
    candidates.push_back(name.substr(0, name.size() - 4) + ".npz" + kDecoderSuffix);
  candidates.emplace_back(kDecoderName);
  for (const auto& candidate : candidates) {
    if (files.exists(join_path(folder, candidate))) return join_path(folder, candidate);
  }
  return "";
}

MarianSettings read_settings(InputFiles& files, const std::string& path) {
  const std::string_view bytes = files.bytes(path);
  if (bytes.size() > kMaxSettings)
    throw ModelError(path,
                     "expected settings of at most 1 MiB, got " + std::to_string(bytes.size()) + " bytes");
  return MarianSettings::parse(bytes, path);
}

// The file that decoder.yml calls `name`.
std::string resolved(const InputFiles& files, const std::string& decoder, const std::string& name) {
  const std::string folder = folder_of(decoder);
  const std::string bare = join_path(folder, file_name(name));
  std::vector<std::string> candidates;
  const bool is_absolute = std::filesystem::path(name).is_absolute();
  if (!is_absolute) candidates.push_back(join_path(folder, name));
  if (!files.is_archive()) candidates.push_back(name);  // an archive must not name files outside of it
  candidates.push_back(bare);
  for (const auto& path : candidates) {
    if (files.exists(path)) return path;
  }
  throw ModelError(decoder, "expected the file '" + name + "' that it names, got none there and no " + bare);
}

std::string spm_of(const InputFiles& files, const std::string& given, const std::string& vocabulary,
                   const std::string& folder, const char* name, const char* flag) {
  if (!given.empty()) return given;
  if (is_sentencepiece_name(vocabulary)) return vocabulary;
  const std::string path = join_path(folder, name);
  if (files.exists(path)) return path;
  throw ModelError(
      path, "expected the SentencePiece model of " + vocabulary + ", got none (" + flag +
                " names it; models of words or of subword-nmt's BPE have none and cannot be imported)");
}

}  // namespace

MarianFiles find_marian_files(InputFiles& files, const MarianPaths& given) {
  MarianFiles found;
  std::string decoder;
  if (given.is_folder) {
    decoder = join_path(given.path, kDecoderName);
    if (!files.exists(decoder)) {
      found.weights = only_weights(files, given.path);
      decoder = decoder_of(files, found.weights);
    }
  } else {
    found.weights = given.path;
    decoder = decoder_of(files, found.weights);
  }
  if (!decoder.empty()) {
    found.decoder = read_settings(files, decoder);
    if (found.weights.empty()) {
      const auto& models = found.decoder->list("models");
      if (models.size() != 1) {
        throw ModelError(decoder + ": models",
                         "expected one model, got " + std::to_string(models.size()) +
                             ": import each of them by its own path (several --model flags "
                             "make an ensemble)");
      }
      found.weights = resolved(files, decoder, models[0]);
    }
    if (given.vocabularies.empty() && found.decoder->has("vocabs")) {
      for (const auto& name : found.decoder->list("vocabs"))
        found.vocabularies.push_back(resolved(files, decoder, name));
    }
  }
  if (!given.vocabularies.empty()) found.vocabularies = given.vocabularies;
  if (found.vocabularies.empty() || found.vocabularies.size() > 2) {
    throw UsageError("--vocab", "expected one vocabulary or one per side, got " +
                                    std::to_string(found.vocabularies.size()) +
                                    (decoder.empty() ? " (no " + file_name(found.weights) + kDecoderSuffix +
                                                           " or " + kDecoderName + " names them)"
                                                     : " in " + decoder));
  }
  const std::string folder = given.is_folder ? given.path : folder_of(found.weights);
  found.source_spm =
      spm_of(files, given.source_spm, found.vocabularies.front(), folder, "source.spm", "--source-spm");
  found.target_spm =
      spm_of(files, given.target_spm, found.vocabularies.back(), folder, "target.spm", "--target-spm");
  return found;
}

}  // namespace dragoman
