#include "folder/generation_config.h"

#include <algorithm>

#include "core/files.h"
#include "folder/config.h"
#include "folder/json_keys.h"

namespace dragoman {
namespace {

constexpr char kGenerationConfigName[] = "generation_config.json";
constexpr char kWordPenalty[] = "dragoman_word_penalty";
constexpr char kNever[] = "never";
constexpr int64_t kUsualBeams = 4;
constexpr double kAnyNumber = 1e9;
constexpr int64_t kLongest = 1 << 20;

// What transformers does by a key and this program does not, with the values at which it does nothing there.
struct UnsupportedKey {
  const char* name;
  std::vector<nlohmann::json> neutral;
  bool of_sampling = false;
};
const std::vector<UnsupportedKey>& unsupported_keys() {
  static const std::vector<UnsupportedKey> keys = {{"num_beam_groups", {0, 1}},
                                                   {"diversity_penalty", {0}},
                                                   {"encoder_repetition_penalty", {1}},
                                                   {"exponential_decay_length_penalty", {}},
                                                   {"sequence_bias", {}},
                                                   {"constraints", {}},
                                                   {"force_words_ids", {}},
                                                   {"penalty_alpha", {0}},
                                                   {"dola_layers", {}},
                                                   {"guidance_scale", {1}},
                                                   {"watermarking_config", {}},
                                                   {"stop_strings", {}},
                                                   {"max_time", {}},
                                                   {"num_return_sequences", {1}},
                                                   {"token_healing", {false}},
                                                   {"force_bos_token_to_be_generated", {false}},
                                                   {"typical_p", {1}, true},
                                                   {"epsilon_cutoff", {0}, true},
                                                   {"eta_cutoff", {0}, true},
                                                   {"min_p", {0}, true},
                                                   {"top_h", {}, true}};
  return keys;
}

void read_lengths(const JsonKeys& keys, GenerationDefaults& defaults) {
  const auto read = [&](const char* key, int64_t low, std::optional<int64_t>& value) {
    if (keys.has(key)) value = keys.whole(key, low, kLongest);
  };
  read("max_length", 1, defaults.max_length);
  read("min_length", 0, defaults.min_length);
  read("max_new_tokens", 1, defaults.max_new_tokens);
  read("min_new_tokens", 0, defaults.min_new_tokens);
}

void read_scores(const JsonKeys& keys, GenerationDefaults& defaults) {
  const auto read = [&](const char* key, double low, double high, std::optional<double>& value) {
    if (keys.has(key)) value = keys.number(key, low, high);
  };
  read("length_penalty", -10, 10, defaults.length_penalty);
  read("repetition_penalty", 0.01, 100, defaults.repetition_penalty);
  read(kWordPenalty, -1000, 1000, defaults.word_penalty);
  // What sampling cannot use is refused where something is sampled: transformers passes over it elsewhere.
  read("temperature", -kAnyNumber, kAnyNumber, defaults.temperature);
  read("top_p", -kAnyNumber, kAnyNumber, defaults.top_p);
}

void read_rules(const JsonKeys& keys, GenerationDefaults& defaults) {
  const auto whole = [&](const char* key, int64_t low, int64_t high, std::optional<int64_t>& value) {
    if (keys.has(key)) value = keys.whole(key, low, high);
  };
  whole("num_beams", 1, 1024, defaults.num_beams);
  whole("no_repeat_ngram_size", 0, 1024, defaults.no_repeat_ngram_size);
  whole("encoder_no_repeat_ngram_size", 0, 1024, defaults.encoder_no_repeat_ngram_size);
  whole("top_k", -(1 << 24), 1 << 24, defaults.top_k);
  whole("forced_bos_token_id", 0, 1 << 24, defaults.forced_bos_token_id);
  if (keys.has("do_sample")) defaults.do_sample = keys.flag("do_sample");
  if (keys.has("renormalize_logits")) defaults.renormalize_logits = keys.flag("renormalize_logits");
  if (!keys.has("early_stopping")) return;
  const auto& rule = keys.at("early_stopping");
  if (rule.is_boolean())
    defaults.early_stopping = rule.get<bool>() ? EarlyStopping::kTrue : EarlyStopping::kFalse;
  else if (rule == kNever)
    defaults.early_stopping = EarlyStopping::kNever;
  else
    keys.refuse("early_stopping", "true, false or \"never\"");
}

void read_tokens(const JsonKeys& keys, GenerationDefaults& defaults) {
  const auto read = [&](const char* key, std::vector<int64_t>& ids) {
    if (keys.has(key)) ids = keys.ids(key);
  };
  read("forced_eos_token_id", defaults.forced_eos_token_ids);
  read("suppress_tokens", defaults.suppress_tokens);
  read("begin_suppress_tokens", defaults.begin_suppress_tokens);
  if (!keys.has("bad_words_ids")) return;
  defaults.forbidden_tokens.clear();
  defaults.forbidden_groups.clear();
  for (const auto& word : keys.lists_of_ids("bad_words_ids")) {
    if (word.size() > 1)
      defaults.forbidden_groups.push_back(word);
    else if (std::count(defaults.eos_token_ids.begin(), defaults.eos_token_ids.end(), word[0]) == 0)
      defaults.forbidden_tokens.push_back(word[0]);  // transformers passes over those that end a text
  }
}

void note_unsupported(const JsonKeys& keys, GenerationDefaults& defaults) {
  for (const auto& key : unsupported_keys()) {
    if (!keys.has(key.name)) continue;
    const auto& value = keys.at(key.name);
    const bool empty = (value.is_array() || value.is_object()) && value.empty();
    if (!empty && std::find(key.neutral.begin(), key.neutral.end(), value) == key.neutral.end())
      defaults.unsupported.push_back({key.name, value.dump(), key.of_sampling});
  }
  if (defaults.do_sample.value_or(false) && defaults.num_beams.value_or(1) > 1)
    defaults.unsupported.push_back(
        {"num_beams", std::to_string(*defaults.num_beams) + " with do_sample", true});
}

// Which tokens start and end a text: config.json says it where generation_config.json does not.
void read_special_ids(const JsonKeys& keys, GenerationDefaults& defaults) {
  defaults.decoder_start_token_id =
      keys.integer_or("decoder_start_token_id", 0, 1 << 24, defaults.decoder_start_token_id);
  if (keys.has("decoder_start_token_id")) defaults.start_path = keys.where();
  if (!keys.has("eos_token_id")) return;
  const auto ids = keys.ids("eos_token_id");
  if (ids.empty()) keys.refuse("eos_token_id", "an id or a list of ids");
  defaults.eos_token_ids = ids;
  defaults.end_path = keys.where();
}

}  // namespace

nlohmann::json early_stopping_json(EarlyStopping rule) {
  if (rule == EarlyStopping::kNever) return kNever;
  return rule == EarlyStopping::kTrue;
}

void parse_generation_config(const nlohmann::json& config, const std::string& where,
                             GenerationDefaults& defaults) {
  const JsonKeys keys(config, where);
  read_special_ids(keys, defaults);
  read_lengths(keys, defaults);
  read_scores(keys, defaults);
  read_rules(keys, defaults);
  read_tokens(keys, defaults);
  note_unsupported(keys, defaults);
}

GenerationDefaults read_generation_config(const std::string& folder) {
  const std::string path = join_path(folder, kConfigName);
  return read_generation_config(folder,
                                file_exists(path) ? read_json_file(path, ErrorKind::kModel) : nullptr);
}

GenerationDefaults read_generation_config(const std::string& folder, const nlohmann::json& config) {
  GenerationDefaults defaults;
  const std::string path = join_path(folder, kConfigName),
                    generation = join_path(folder, kGenerationConfigName);
  const bool own = file_exists(generation);
  if (!config.is_null()) {
    read_special_ids(JsonKeys(config, path), defaults);
    if (!own) {
      parse_generation_config(config, path, defaults);
      defaults.file = kConfigName;
    }
  }
  if (own) {
    parse_generation_config(read_json_file(generation, ErrorKind::kModel), generation, defaults);
    defaults.file = kGenerationConfigName;
  }
  return defaults;
}

int64_t GenerationDefaults::most_tokens() const {
  return max_new_tokens ? *max_new_tokens : std::max<int64_t>(1, max_length.value_or(kUsualMaxLength) - 1);
}

std::string generation_config_text(const ModelOptions& o, const GenerationDefaults& generation) {
  using Json = nlohmann::ordered_json;
  Json bad_words = Json::array({Json::array({o.pad_token_id})});
  for (const int64_t id : generation.forbidden_tokens) {
    if (id != o.pad_token_id) bad_words.push_back(Json::array({id}));
  }
  for (const auto& group : generation.forbidden_groups) bad_words.push_back(Json(group));
  Json config = {{"bad_words_ids", bad_words},
                 {"renormalize_logits", generation.renormalize_logits.value_or(true)},
                 {"forced_eos_token_id", nullptr},
                 {"bos_token_id", o.eos_token_id},
                 {"eos_token_id", o.eos_token_id},
                 {"pad_token_id", o.pad_token_id},
                 {"decoder_start_token_id", o.pad_token_id},
                 {"num_beams", generation.num_beams.value_or(kUsualBeams)},
                 {"max_length", generation.max_length.value_or(kUsualMaxLength)}};
  const auto add = [&](const char* key, const auto& value) {
    if (value) config[key] = *value;
  };
  const auto add_ids = [&](const char* key, const std::vector<int64_t>& ids) {
    if (!ids.empty()) config[key] = ids;
  };
  add("max_new_tokens", generation.max_new_tokens);
  add("min_length", generation.min_length);
  add("min_new_tokens", generation.min_new_tokens);
  add("length_penalty", generation.length_penalty);
  add(kWordPenalty, generation.word_penalty);
  add("repetition_penalty", generation.repetition_penalty);
  add("no_repeat_ngram_size", generation.no_repeat_ngram_size);
  add("encoder_no_repeat_ngram_size", generation.encoder_no_repeat_ngram_size);
  add("do_sample", generation.do_sample);
  add("temperature", generation.temperature);
  add("top_k", generation.top_k);
  add("top_p", generation.top_p);
  add("forced_bos_token_id", generation.forced_bos_token_id);
  if (generation.early_stopping) config["early_stopping"] = early_stopping_json(*generation.early_stopping);
  if (generation.eos_token_ids.size() > 1) config["eos_token_id"] = generation.eos_token_ids;
  add_ids("forced_eos_token_id", generation.forced_eos_token_ids);
  add_ids("suppress_tokens", generation.suppress_tokens);
  add_ids("begin_suppress_tokens", generation.begin_suppress_tokens);
  return json_text(config);
}

}  // namespace dragoman
