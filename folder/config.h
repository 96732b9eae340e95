// config.json in Hugging Face's Marian layout. Every key is written, since the
// classes' defaults differ between versions of transformers; unknown keys are ignored when read, since other
// programs write keys of their own.
#pragma once

#include <string>

#include "core/json.h"
#include "folder/model_options.h"

namespace dragoman {

inline constexpr char kConfigName[] = "config.json";

// ModelError naming file and key for a key that is missing, of a wrong type or out of range, and for a model
// of another type.
ModelOptions read_model_config(const std::string& folder);
ModelOptions parse_model_config(const nlohmann::json& config, const std::string& where);

// FOLDER/config.json, parsed once: it is passed to every step that needs something of it.
struct ModelConfig {
  std::string folder;
  nlohmann::json json = {};
  ModelOptions options = {};

  static ModelConfig read(const std::string& folder);  // errors as above
};

std::string model_config_text(const ModelOptions& options);

}  // namespace dragoman
