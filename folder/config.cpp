#include "folder/config.h"

#include "core/files.h"
#include "folder/json_keys.h"

namespace dragoman {
namespace {

ActivationFunction activation_of(const JsonKeys& keys) {
  const std::string name = keys.text_or("activation_function", name_of(ActivationFunction::kGelu));
  const auto function = choice_of<ActivationFunction>(name);
  if (!function)
    throw ModelError(keys.where() + ": activation_function",
                     "expected relu, silu, swish or gelu, got '" + name + "'");
  return *function;
}

// Settings of MarianConfig that this model does not support: refused, never ignored.
void refuse_unsupported(const JsonKeys& keys) {
  const std::string type = keys.text_or("model_type", "");
  if (type != "marian" && type != "dragoman") {
    throw ModelError(keys.where() + ": model_type", "expected marian or dragoman, got '" + type + "'");
  }
  for (const char* key : {"normalize_embedding", "add_final_layer_norm", "add_bias_logits"}) {
    if (keys.flag_or(key, false)) throw ModelError(keys.where() + ": " + key, "expected false, got true");
  }
  if (type == "marian" && keys.flag_or("normalize_before", false)) {
    throw ModelError(keys.where() + ": normalize_before", "expected false for model_type marian, got true");
  }
  if (!keys.flag_or("static_position_embeddings", true)) {
    throw ModelError(keys.where() + ": static_position_embeddings",
                     "expected true (sinusoidal positions), got false");
  }
}

// One id, or the first of a list of them.
int64_t first_id(const JsonKeys& keys, const char* key) {
  const auto ids = keys.ids(key);
  if (ids.empty()) keys.refuse(key, "an id or a list of ids");
  return ids.front();
}

}  // namespace

ModelOptions parse_model_config(const nlohmann::json& config, const std::string& where) {
  const JsonKeys keys(config, where);
  refuse_unsupported(keys);
  constexpr int64_t kWidth = 1 << 16, kCount = 1024, kVocabulary = 1 << 24;
  ModelOptions o;
  o.vocab_size = keys.whole("vocab_size", 3, kVocabulary);
  o.decoder_vocab_size = keys.integer_or("decoder_vocab_size", 3, kVocabulary, o.vocab_size);
  o.pad_token_id = keys.whole("pad_token_id", 0, kVocabulary);
  o.d_model = keys.whole("d_model", 2, kWidth);
  o.encoder_layers = keys.whole("encoder_layers", 1, kCount);
  o.decoder_layers = keys.whole("decoder_layers", 1, kCount);
  o.encoder_attention_heads = keys.whole("encoder_attention_heads", 1, kCount);
  o.decoder_attention_heads = keys.whole("decoder_attention_heads", 1, kCount);
  o.encoder_ffn_dim = keys.whole("encoder_ffn_dim", 1, kWidth);
  o.decoder_ffn_dim = keys.whole("decoder_ffn_dim", 1, kWidth);
  o.activation_function = activation_of(keys);
  o.dropout = keys.share_or("dropout", 0.1);
  o.attention_dropout = keys.share_or("attention_dropout", 0.0);
  o.activation_dropout = keys.share_or("activation_dropout", 0.0);
  o.norm = keys.flag_or("normalize_before", false) ? Norm::kPre : Norm::kPost;
  o.share_encoder_decoder_embeddings = keys.flag_or("share_encoder_decoder_embeddings", true);
  o.tie_word_embeddings = keys.flag_or("tie_word_embeddings", true);
  o.scale_embedding = keys.flag_or("scale_embedding", false);
  o.max_position_embeddings =
      keys.integer_or("max_position_embeddings", 1, kVocabulary, o.max_position_embeddings);
  if (keys.has("eos_token_id")) o.eos_token_id = first_id(keys, "eos_token_id");
  check_model_options(o, where, ErrorKind::kModel);
  return o;
}

ModelConfig ModelConfig::read(const std::string& folder) {
  const std::string path = join_path(folder, kConfigName);
  nlohmann::json json = read_json_file(path, ErrorKind::kModel);
  const ModelOptions options = parse_model_config(json, path);
  return {folder, std::move(json), options};
}

ModelOptions read_model_config(const std::string& folder) {
  return ModelConfig::read(folder).options;
}

std::string model_config_text(const ModelOptions& o) {
  const bool exportable = o.not_exportable_because().empty();
  const int64_t pad = o.pad_token_id;
  nlohmann::ordered_json config = {
      {"model_type", exportable ? "marian" : "dragoman"},
      {"architectures", {exportable ? "MarianMTModel" : "DragomanModel"}},
      {"is_encoder_decoder", true},
      {"vocab_size", o.vocab_size},
      {"decoder_vocab_size", o.decoder_vocab_size},
      {"d_model", o.d_model},
      {"encoder_layers", o.encoder_layers},
      {"decoder_layers", o.decoder_layers},
      {"num_hidden_layers", o.encoder_layers},
      {"encoder_attention_heads", o.encoder_attention_heads},
      {"decoder_attention_heads", o.decoder_attention_heads},
      {"encoder_ffn_dim", o.encoder_ffn_dim},
      {"decoder_ffn_dim", o.decoder_ffn_dim},
      {"activation_function", name_of(o.activation_function)},
      {"dropout", o.dropout},
      {"attention_dropout", o.attention_dropout},
      {"activation_dropout", o.activation_dropout},
      {"encoder_layerdrop", 0.0},
      {"decoder_layerdrop", 0.0},
      {"init_std", 0.02},
      {"max_position_embeddings", o.max_position_embeddings},
      {"share_encoder_decoder_embeddings", o.share_encoder_decoder_embeddings},
      {"tie_word_embeddings", o.tie_word_embeddings},
      {"scale_embedding", o.scale_embedding},
      {"static_position_embeddings", true},
      {"normalize_before", o.pre_norm()},
      {"normalize_embedding", false},
      {"add_final_layer_norm", false},
      {"add_bias_logits", false},
      {"pad_token_id", pad},
      {"eos_token_id", o.eos_token_id},
      {"bos_token_id", o.eos_token_id},
      {"decoder_start_token_id", pad},
      {"forced_eos_token_id", nullptr},
      {"use_cache", true},
      {"torch_dtype", "float32"},
  };
  return json_text(config);
}

}  // namespace dragoman
