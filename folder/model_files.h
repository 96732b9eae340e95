// The files of a model folder except the weights (docs/model-folder.md), torch-free.
#pragma once

#include <string>
#include <vector>

#include "folder/config.h"
#include "folder/generation_config.h"
#include "tokenizer/tokenizer.h"

namespace dragoman {

inline constexpr char kWeightsName[] = "model.safetensors";
inline constexpr char kTargetVocabularyName[] = "target_vocab.json";

// The two sides' tokenizers and what their files contain. With a shared vocabulary both are the same.
struct TokenizerPair {
  Tokenizer source, target;
  bool shared;

  // From source.spm, target.spm, vocab.json and, for separate vocabularies, target_vocab.json; with the
  // tokens that were added after the vocabulary (tokenizer/added_tokens.h), and without entries for which
  // config.json has no row of the embedding. ModelError.
  static TokenizerPair load(const std::string& folder);
  // The same where config.json is read already and no file is a Git LFS pointer.
  static TokenizerPair load(const ModelConfig& config);
};

// UsageError naming the flag `option` and what differs first, unless the two folders' ids mean the same
// pieces on both sides: only then can their weights or outputs be combined.
void require_one_vocabulary(const std::string& option, const TokenizerPair& tokenizers,
                            const std::string& path, const TokenizerPair& first,
                            const std::string& first_path);

// The names of the files of a folder that other programs read, except manifest.json, as far as they exist.
std::vector<std::string> model_file_names(const std::string& folder);
// The same without the weights: the files to copy when new weights are written.
std::vector<std::string> settings_file_names(const std::string& folder);

// What the tokenizers of a new folder are written from.
struct TokenizerFiles {
  std::string source_spm, target_spm;  // the bytes of the two SentencePiece models
  Vocabulary source, target;
};

// What a folder needs in addition to the weights, written in full: tokenizer files, config.json,
// generation_config.json, tokenizer_config.json, special_tokens_map.json.
void write_model_settings(const std::string& folder, const ModelOptions& options,
                          const GenerationDefaults& generation, const TokenizerFiles& tokenizers);

}  // namespace dragoman
