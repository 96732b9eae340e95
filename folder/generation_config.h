// generation_config.json: the search settings of a model folder, where the command line gives none. Where
// that file is absent, config.json's keys replace it, as in transformers (class GenerationConfig).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "folder/model_options.h"

namespace dragoman {

// When beam search stops: false, true or "never" in the file.
enum class EarlyStopping { kFalse, kTrue, kNever };
nlohmann::json early_stopping_json(EarlyStopping rule);  // as the file has it

// Names and meanings are transformers', with one key of our own: "dragoman_word_penalty", which transformers
// ignores. Settings that the file lacks, or that are null, are empty.
struct GenerationDefaults {
  std::optional<int64_t> num_beams = {};
  std::optional<int64_t> max_length = {}, min_length = {};  // the <pad> that starts the decoder counts
  std::optional<int64_t> max_new_tokens = {},
                         min_new_tokens = {};  // it does not count; these take precedence over the two above
  std::optional<double> length_penalty = {}, repetition_penalty = {};
  std::optional<double> word_penalty = {};  // log-probabilities are lowered by this for each token (Marian)
  std::optional<int64_t> no_repeat_ngram_size = {}, encoder_no_repeat_ngram_size = {};
  std::optional<EarlyStopping> early_stopping = {};
  std::optional<bool> do_sample = {}, renormalize_logits = {};
  std::optional<double> temperature = {}, top_p = {};
  std::optional<int64_t> top_k = {};
  std::optional<int64_t> forced_bos_token_id = {};
  std::vector<int64_t> forced_eos_token_ids = {};  // one of them is forced at the length limit
  std::vector<int64_t> suppress_tokens = {}, begin_suppress_tokens = {};
  std::vector<int64_t> forbidden_tokens = {};               // the one-token entries of bad_words_ids
  std::vector<std::vector<int64_t>> forbidden_groups = {};  // its entries of several tokens
  int64_t decoder_start_token_id = -1;
  std::vector<int64_t> eos_token_ids = {0};
  std::string start_path = "", end_path = "";  // of the file that says each of the two

  std::string file = "";  // generation_config.json, config.json or neither
  // Settings that transformers follows and this program does not support.
  struct Unsupported {
    std::string key, value;
    bool of_sampling = false;  // has an effect only in sampling
  };
  std::vector<Unsupported> unsupported = {};

  // Maximum number of generated tokens of a translation, </s> included.
  int64_t most_tokens() const;
};

// max_length where a folder has none, and the value that training writes.
inline constexpr int64_t kUsualMaxLength = 512;

GenerationDefaults read_generation_config(const std::string& folder);
// The same where config.json is read already; null: there is none.
GenerationDefaults read_generation_config(const std::string& folder, const nlohmann::json& config);
// Reads the settings from the text of either file; the rest of `defaults` stays.
void parse_generation_config(const nlohmann::json& config, const std::string& where,
                             GenerationDefaults& defaults);

std::string generation_config_text(const ModelOptions& options, const GenerationDefaults& generation);

}  // namespace dragoman
