#include "folder/model_files.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/special_tokens.h"
#include "folder/model_examination.h"
#include "folder/safetensors.h"

namespace dragoman {
namespace {

std::string tokenizer_config_text(bool shared) {
  return json_text({
      {"tokenizer_class", "MarianTokenizer"},
      {"source_lang", nullptr},
      {"target_lang", nullptr},
      {"separate_vocabs", !shared},
      {"model_max_length", 512},
      {"clean_up_tokenization_spaces", false},
      {"eos_token", kEndOfSentencePiece},
      {"unk_token", kUnknownPiece},
      {"pad_token", kPaddingPiece},
  });
}

std::string special_tokens_text() {
  return json_text(
      {{"eos_token", kEndOfSentencePiece}, {"unk_token", kUnknownPiece}, {"pad_token", kPaddingPiece}});
}

bool ends_with(const std::string& name, const std::string& end) {
  return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

TokenizerPair TokenizerPair::load(const std::string& folder) {
  refuse_git_lfs_pointers(folder);
  if (file_exists(join_path(folder, kConfigName))) return load(ModelConfig::read(folder));
  ModelConfig none{.folder = folder};
  none.options.vocab_size = none.options.decoder_vocab_size = INT64_MAX;
  return load(none);
}

TokenizerPair TokenizerPair::load(const ModelConfig& config) {
  const std::string& folder = config.folder;
  const ModelOptions& options = config.options;
  const std::string source_path = join_path(folder, "vocab.json"),
                    target_path = join_path(folder, kTargetVocabularyName);
  const auto added = read_added_tokens(folder);
  const auto read = [&](const std::string& path, int64_t most) {
    const Vocabulary vocabulary = Vocabulary::load(path, most);
    return added.empty() ? vocabulary : with_added_tokens(vocabulary, added, path);
  };
  const Vocabulary source = read(source_path, options.vocab_size);
  const bool shared = !file_exists(target_path);
  const Vocabulary target = shared ? source : read(target_path, options.decoder_vocab_size);
  return {Tokenizer::load(join_path(folder, "source.spm"), source, added),
          Tokenizer::load(join_path(folder, "target.spm"), target, added), shared};
}

void require_one_vocabulary(const std::string& option, const TokenizerPair& tokenizers,
                            const std::string& path, const TokenizerPair& first,
                            const std::string& first_path) {
  const auto compare = [&](const Vocabulary& own, const Vocabulary& others) {
    const auto refuse = [&](const std::string& expected, const std::string& got) {
      throw UsageError(option, "expected models of one vocabulary: " + expected + " as in " + first_path +
                                   ", got " + got + " in " + path);
    };
    if (own.size() != others.size())
      refuse(std::to_string(others.size()) + " pieces", std::to_string(own.size()));
    for (int64_t id = 0; id < own.size(); ++id) {
      if (own.piece(id) != others.piece(id))
        refuse("'" + others.piece(id) + "' for the id " + std::to_string(id), "'" + own.piece(id) + "'");
    }
  };
  compare(tokenizers.source.vocabulary(), first.source.vocabulary());
  compare(tokenizers.target.vocabulary(), first.target.vocabulary());
}

std::vector<std::string> model_file_names(const std::string& folder) {
  std::vector<std::string> names;
  for (const char* name :
       {"config.json", "generation_config.json", kWeightsName, "source.spm", "target.spm", "vocab.json",
        kTargetVocabularyName, "added_tokens.json", "tokenizer_config.json", "special_tokens_map.json"}) {
    if (file_exists(join_path(folder, name))) names.emplace_back(name);
  }
  const std::string index = std::string(kWeightsName) + kIndexSuffix;
  if (!file_exists(join_path(folder, kWeightsName)) && file_exists(join_path(folder, index))) {
    names.push_back(index);
    for (const auto& name : shard_names(join_path(folder, index))) names.push_back(name);
  }
  return names;
}

std::vector<std::string> settings_file_names(const std::string& folder) {
  std::vector<std::string> names = model_file_names(folder);
  names.erase(std::remove_if(names.begin(), names.end(),
                             [](const std::string& name) {
                               return ends_with(name, ".safetensors") ||
                                      ends_with(name, std::string(".safetensors") + kIndexSuffix);
                             }),
              names.end());
  return names;
}

void write_model_settings(const std::string& folder, const ModelOptions& options,
                          const GenerationDefaults& generation, const TokenizerFiles& tokenizers) {
  const bool shared = options.share_encoder_decoder_embeddings;
  const auto write = [&](const char* name, const std::string& text) {
    write_file_atomically(join_path(folder, name), text);
  };
  write("source.spm", tokenizers.source_spm);
  write("target.spm", tokenizers.target_spm);
  write("vocab.json", tokenizers.source.to_json());
  if (!shared) write(kTargetVocabularyName, tokenizers.target.to_json());
  write("tokenizer_config.json", tokenizer_config_text(shared));
  write("special_tokens_map.json", special_tokens_text());
  write("generation_config.json", generation_config_text(options, generation));
  write("config.json", model_config_text(options));
}

}  // namespace dragoman
