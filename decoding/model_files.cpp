#include "decoding/model_files.h"

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/special_tokens.h"

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

}  // namespace

TokenizerPair TokenizerPair::load(const std::string& folder) {
  const Vocabulary source = Vocabulary::load(join_path(folder, "vocab.json"));
  const std::string target_path = join_path(folder, kTargetVocabularyName);
  const bool shared = !file_exists(target_path);
  const Vocabulary target = shared ? source : Vocabulary::load(target_path);
  return {Tokenizer::load(join_path(folder, "source.spm"), source),
          Tokenizer::load(join_path(folder, "target.spm"), target), shared};
}

void require_one_vocabulary(const std::string& option, const TokenizerPair& tokenizers,
                            const std::string& path, const TokenizerPair& first,
                            const std::string& first_path) {
  const auto compare = [&](const Vocabulary& own, const Vocabulary& others) {
    const auto refuse = [&](const std::string& required, const std::string& got) {
      throw UsageError(option, "required models of one vocabulary: " + required + " as in " + first_path +
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
        kTargetVocabularyName, "tokenizer_config.json", "special_tokens_map.json"}) {
    if (file_exists(join_path(folder, name))) names.emplace_back(name);
  }
  return names;
}

void write_model_settings(const std::string& folder, const ModelOptions& options,
                          const GenerationDefaults& generation, const std::string& source_spm,
                          const std::string& target_spm, const Vocabulary& source, const Vocabulary& target) {
  const bool shared = options.share_encoder_decoder_embeddings;
  const auto write = [&](const char* name, const std::string& text) {
    write_file_atomically(join_path(folder, name), text);
  };
  write("source.spm", source_spm);
  write("target.spm", target_spm);
  write("vocab.json", source.to_json());
  if (!shared) write(kTargetVocabularyName, target.to_json());
  write("tokenizer_config.json", tokenizer_config_text(shared));
  write("special_tokens_map.json", special_tokens_text());
  write("generation_config.json", generation_config_text(options, generation));
  write("config.json", model_config_text(options));
}

}  // namespace dragoman
