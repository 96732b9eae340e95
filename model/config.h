// config.json and generation_config.json in Hugging Face's Marian layout. Every key is written, since the
// classes' defaults differ between versions of transformers; unknown keys are ignored when read, since other
// programs write keys of their own.
#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "model/model_options.h"

namespace dragoman {

// What a model folder asks of the search when the command line does not say (generation_config.json, else
// config.json).
struct GenerationDefaults {
  int64_t num_beams = 4;
  int64_t max_length = 512;  // generated tokens, </s> included
  int64_t decoder_start_token_id = -1;
  int64_t eos_token_id = 0;
  std::vector<int64_t> forbidden_tokens;               // the one-token entries of bad_words_ids
  std::vector<std::vector<int64_t>> forbidden_groups;  // its entries of several
};

// ModelError naming file and key for a key that is missing, of a wrong type or out of range, and for a model
// that is none of ours.
ModelOptions read_model_config(const std::string& folder);
ModelOptions parse_model_config(const nlohmann::json& config, const std::string& where);
GenerationDefaults read_generation_config(const std::string& folder);
// What config.json or generation_config.json says of it; the rest of `defaults` stays.
void parse_generation_config(const nlohmann::json& config, const std::string& where,
                             GenerationDefaults& defaults);

std::string model_config_text(const ModelOptions& options);
std::string generation_config_text(const ModelOptions& options, const GenerationDefaults& generation);

}  // namespace dragoman
