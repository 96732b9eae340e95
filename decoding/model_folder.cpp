#include "decoding/model_folder.h"

#include "core/files.h"
#include "core/json.h"
#include "core/manifest.h"
#include "core/special_tokens.h"
#include "model/weights.h"

namespace dragoman {
namespace {

constexpr char kWeightsName[] = "model.safetensors";
constexpr char kTargetVocabularyName[] = "target_vocab.json";

void check_vocabulary(const std::string& folder, const char* name, const Vocabulary& vocabulary,
                      int64_t required) {
  if (vocabulary.size() == required) return;
  throw ModelError(join_path(folder, name), "required " + std::to_string(required) +
                                                " entries (config.json), got " +
                                                std::to_string(vocabulary.size()));
}

// The search starts with <pad>, and the mask of the source knows <pad> by its id: a folder that means it
// otherwise would give wrong text in silence.
void check_special_ids(const std::string& folder, const ModelOptions& options,
                       const TokenizerPair& tokenizers, const GenerationDefaults& generation) {
  const auto require = [&](const char* key, int64_t required, int64_t got) {
    if (required != got)
      throw ModelError(join_path(folder, "config.json") + ": " + key,
                       "required <pad>'s id " + std::to_string(required) + ", got " + std::to_string(got));
  };
  require("pad_token_id", tokenizers.target.vocabulary().pad_id(), options.target_pad_id());
  require("pad_token_id (source side)", tokenizers.source.vocabulary().pad_id(), options.source_pad_id());
  if (generation.decoder_start_token_id >= 0)
    require("decoder_start_token_id", options.target_pad_id(), generation.decoder_start_token_id);
}

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

ModelFolder ModelFolder::load_without_weights(const std::string& path) {
  if (!is_folder(path))
    throw ModelError(
        path, "required a model folder, got " + std::string(file_exists(path) ? "a file" : "nothing there"));
  check_manifest(path);
  TokenizerPair tokenizers = TokenizerPair::load(path);
  const ModelOptions options = read_model_config(path);
  check_vocabulary(path, "vocab.json", tokenizers.source.vocabulary(), options.vocab_size);
  check_vocabulary(path, tokenizers.shared ? "vocab.json" : kTargetVocabularyName,
                   tokenizers.target.vocabulary(), options.decoder_vocab_size);
  const GenerationDefaults generation = read_generation_config(path);
  check_special_ids(path, options, tokenizers, generation);
  return {Transformer(nullptr), std::move(tokenizers), generation, path, options};
}

ModelFolder ModelFolder::load(const std::string& path, const torch::Device& device) {
  ModelFolder folder = load_without_weights(path);
  folder.model = load_model(path);
  folder.model->move_to(device);
  return folder;
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

void write_model_weights(const std::string& folder, const Transformer& model) {
  const std::string path = join_path(folder, kWeightsName);
  save_weights(model, path + ".tmp");
  replace_listed_file(folder, kWeightsName, path + ".tmp", model_file_names(folder));
}

}  // namespace dragoman
