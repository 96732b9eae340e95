#include "model/config.h"

#include <algorithm>
#include <set>

#include "core/files.h"

namespace dragoman {
namespace {

constexpr char kConfigName[] = "config.json";
constexpr char kGenerationConfigName[] = "generation_config.json";

// Reads typed keys of one JSON object; every complaint names file and key.
class Keys {
 public:
  Keys(const nlohmann::json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object.is_object())
      throw ModelError(where_, "required a JSON object, got " + std::string(object.type_name()));
  }

  bool has(const std::string& key) const { return object_.contains(key) && !object_[key].is_null(); }

  int64_t whole(const std::string& key, int64_t low, int64_t high) const {
    const auto& value = at(key);
    const bool fits =
        value.is_number_integer() && !(value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX);
    if (!fits || value.get<int64_t>() < low || value.get<int64_t>() > high) {
      throw ModelError(where_ + ": " + key, "required a whole number from " + std::to_string(low) + " to " +
                                                std::to_string(high) + ", got " + value.dump());
    }
    return value.get<int64_t>();
  }
  int64_t whole_or(const std::string& key, int64_t low, int64_t high, int64_t otherwise) const {
    return has(key) ? whole(key, low, high) : otherwise;
  }
  // One id, or the first of a list of them.
  int64_t first_id_or(const std::string& key, int64_t otherwise) const {
    if (!has(key)) return otherwise;
    const auto& value = at(key);
    const bool is_list = value.is_array() && !value.empty();
    const auto& id = is_list ? value[0] : value;
    if (!id.is_number_unsigned() || id.get<uint64_t>() > 1 << 24)
      throw ModelError(where_ + ": " + key, "required an id, got " + value.dump());
    return id.get<int64_t>();
  }
  bool flag_or(const std::string& key, bool otherwise) const {
    if (!has(key)) return otherwise;
    if (!at(key).is_boolean())
      throw ModelError(where_ + ": " + key, "required true or false, got " + at(key).dump());
    return at(key).get<bool>();
  }
  double share_or(const std::string& key, double otherwise) const {
    if (!has(key)) return otherwise;
    if (!at(key).is_number() || !(at(key).get<double>() >= 0 && at(key).get<double>() < 1)) {
      throw ModelError(where_ + ": " + key,
                       "required a number of at least 0 and below 1, got " + at(key).dump());
    }
    return at(key).get<double>();
  }
  std::string text_or(const std::string& key, const std::string& otherwise) const {
    if (!has(key)) return otherwise;
    if (!at(key).is_string())
      throw ModelError(where_ + ": " + key, "required a string, got " + at(key).dump());
    return at(key).get<std::string>();
  }
  const nlohmann::json& at(const std::string& key) const {
    if (!has(key)) throw ModelError(where_ + ": " + key, "required this key, got none");
    return object_[key];
  }
  const std::string& where() const { return where_; }

 private:
  const nlohmann::json& object_;
  std::string where_;
};

std::string activation_of(const Keys& keys) {
  const std::string name = keys.text_or("activation_function", "gelu");
  static const std::set<std::string> known = {"relu", "silu", "swish", "gelu"};
  if (known.count(name) == 0)
    throw ModelError(keys.where() + ": activation_function",
                     "required relu, silu, swish or gelu, got '" + name + "'");
  return name;
}

// Things that MarianConfig can say and this model cannot do: refused, never passed over.
void refuse_unsupported(const Keys& keys) {
  const std::string type = keys.text_or("model_type", "");
  if (type != "marian" && type != "dragoman") {
    throw ModelError(keys.where() + ": model_type", "required marian or dragoman, got '" + type + "'");
  }
  for (const char* key : {"normalize_embedding", "add_final_layer_norm", "add_bias_logits"}) {
    if (keys.flag_or(key, false)) throw ModelError(keys.where() + ": " + key, "required false, got true");
  }
  if (type == "marian" && keys.flag_or("normalize_before", false)) {
    throw ModelError(keys.where() + ": normalize_before", "required false for model_type marian, got true");
  }
  if (!keys.flag_or("static_position_embeddings", true)) {
    throw ModelError(keys.where() + ": static_position_embeddings",
                     "required true (sinusoidal positions), got false");
  }
}

void read_generation_keys(const Keys& keys, GenerationDefaults& defaults) {
  defaults.num_beams = keys.whole_or("num_beams", 1, 1 << 12, defaults.num_beams);
  defaults.max_length = keys.whole_or("max_length", 1, 1 << 20, defaults.max_length);
  defaults.decoder_start_token_id =
      keys.whole_or("decoder_start_token_id", 0, 1 << 24, defaults.decoder_start_token_id);
  defaults.eos_token_id = keys.first_id_or("eos_token_id", defaults.eos_token_id);
  if (!keys.has("bad_words_ids")) return;
  // Bounded, since an id above INT64_MAX would turn negative and mean another token.
  const auto is_id = [](const nlohmann::json& id) {
    return id.is_number_unsigned() && id.get<uint64_t>() <= 1 << 24;
  };
  defaults.forbidden_tokens.clear();
  defaults.forbidden_groups.clear();
  if (!keys.at("bad_words_ids").is_array())
    throw ModelError(keys.where() + ": bad_words_ids", "required a list of lists of ids");
  for (const auto& word : keys.at("bad_words_ids")) {
    if (!word.is_array() || word.empty() || !std::all_of(word.begin(), word.end(), is_id)) {
      throw ModelError(keys.where() + ": bad_words_ids",
                       "required a list of lists of ids, got " + word.dump());
    }
    const auto ids = word.get<std::vector<int64_t>>();
    if (ids.size() == 1)
      defaults.forbidden_tokens.push_back(ids[0]);
    else
      defaults.forbidden_groups.push_back(ids);
  }
}

}  // namespace

ModelOptions parse_model_config(const nlohmann::json& config, const std::string& where) {
  const Keys keys(config, where);
  refuse_unsupported(keys);
  constexpr int64_t kWidth = 1 << 16, kCount = 1024, kVocabulary = 1 << 24;
  ModelOptions o;
  o.vocab_size = keys.whole("vocab_size", 3, kVocabulary);
  o.decoder_vocab_size = keys.whole_or("decoder_vocab_size", 3, kVocabulary, o.vocab_size);
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
  o.norm = keys.flag_or("normalize_before", false) ? "pre" : "post";
  o.share_encoder_decoder_embeddings = keys.flag_or("share_encoder_decoder_embeddings", true);
  o.tie_word_embeddings = keys.flag_or("tie_word_embeddings", true);
  o.scale_embedding = keys.flag_or("scale_embedding", false);
  o.max_position_embeddings =
      keys.whole_or("max_position_embeddings", 1, kVocabulary, o.max_position_embeddings);
  o.eos_token_id = keys.first_id_or("eos_token_id", o.eos_token_id);
  check_model_options(o, where, ErrorKind::kModel);
  return o;
}

ModelOptions read_model_config(const std::string& folder) {
  const std::string path = join_path(folder, kConfigName);
  return parse_model_config(read_json_file(path, ErrorKind::kModel), path);
}

void parse_generation_config(const nlohmann::json& config, const std::string& where,
                             GenerationDefaults& defaults) {
  read_generation_keys(Keys(config, where), defaults);
}

GenerationDefaults read_generation_config(const std::string& folder) {
  GenerationDefaults defaults;
  for (const char* name : {kConfigName, kGenerationConfigName}) {
    const std::string path = join_path(folder, name);
    if (!file_exists(path)) continue;
    parse_generation_config(read_json_file(path, ErrorKind::kModel), path, defaults);
  }
  return defaults;
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
      {"activation_function", o.activation_function},
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

std::string generation_config_text(const ModelOptions& o, const GenerationDefaults& generation) {
  return json_text({
      {"bad_words_ids", nlohmann::json::array({nlohmann::json::array({o.pad_token_id})})},
      {"renormalize_logits", true},
      {"forced_eos_token_id", nullptr},
      {"bos_token_id", o.eos_token_id},
      {"eos_token_id", o.eos_token_id},
      {"pad_token_id", o.pad_token_id},
      {"decoder_start_token_id", o.pad_token_id},
      {"num_beams", generation.num_beams},
      {"max_length", generation.max_length},
  });
}

}  // namespace dragoman
