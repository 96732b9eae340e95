#include "folder/model_folder.h"

#include <algorithm>

#include "core/files.h"
#include "core/special_tokens.h"
#include "folder/config.h"
#include "folder/manifest.h"
#include "folder/model_examination.h"
#include "folder/weight_file.h"

namespace dragoman {
namespace {

void check_vocabulary(const std::string& folder, const char* name, const Vocabulary& vocabulary,
                      int64_t required) {
  if (vocabulary.size() <= required) return;  // rows of the embedding after the vocabulary are never used
  throw ModelError(join_path(folder, name), "expected " + std::to_string(required) +
                                                " entries at most (config.json), got " +
                                                std::to_string(vocabulary.size()));
}

// The search starts with <pad> and ends with </s>, and the mask of the source knows <pad> by its id: a folder
// that means them otherwise would silently give wrong text.
void check_special_ids(const std::string& folder, const ModelOptions& options,
                       const TokenizerPair& tokenizers, const GenerationDefaults& generation) {
  const std::string config = join_path(folder, "config.json");
  const auto require = [](const std::string& path, const char* key, int64_t required, int64_t got,
                          const char* piece = "<pad>") {
    if (required != got) {
      throw ModelError(path + ": " + key, "expected " + std::string(piece) + "'s id " +
                                              std::to_string(required) + ", got " + std::to_string(got));
    }
  };
  require(config, "pad_token_id", tokenizers.target.vocabulary().pad_id(), options.target_pad_id());
  require(config, "pad_token_id (source side)", tokenizers.source.vocabulary().pad_id(),
          options.source_pad_id());
  if (generation.decoder_start_token_id >= 0)
    require(generation.start_path, "decoder_start_token_id", options.target_pad_id(),
            generation.decoder_start_token_id);
  const int64_t end = tokenizers.target.vocabulary().eos_id();
  const auto& ends = generation.eos_token_ids;
  if (std::count(ends.begin(), ends.end(), end) == 0)
    require(generation.end_path.empty() ? config : generation.end_path, "eos_token_id", end, ends.front(),
            kEndOfSentencePiece);
}

void check_files(const std::string& path) {
  require_model_folder(path);
  check_manifest(path);
}

// Of a folder whose files are checked.
ModelFolder read_checked(const ModelConfig& config) {
  const std::string& path = config.folder;
  const ModelOptions& written = config.options;
  TokenizerPair tokenizers = TokenizerPair::load(config);
  auto weights = std::make_shared<const SafetensorsFile>(join_path(path, kWeightsName));
  const ModelOptions options = as_stored(written, *weights);
  check_vocabulary(path, "vocab.json", tokenizers.source.vocabulary(), options.vocab_size);
  check_vocabulary(path, tokenizers.shared ? "vocab.json" : kTargetVocabularyName,
                   tokenizers.target.vocabulary(), options.decoder_vocab_size);
  GenerationDefaults generation = read_generation_config(path, config.json);
  check_special_ids(path, options, tokenizers, generation);
  return {path, options, std::move(tokenizers), std::move(generation), std::move(weights)};
}

}  // namespace

ModelFolder ModelFolder::read(const std::string& path) {
  check_files(path);
  return read_checked(ModelConfig::read(path));
}

ModelFolder ModelFolder::read(const ModelConfig& config) {
  check_files(config.folder);
  return read_checked(config);
}

std::vector<ModelFolder> read_folders(const std::vector<std::string>& paths) {
  std::vector<ModelFolder> folders;
  for (const auto& path : paths) folders.push_back(ModelFolder::read(path));
  return folders;
}

}  // namespace dragoman
