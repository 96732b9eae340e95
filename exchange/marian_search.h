// The search settings of decoder.yml, as far as a model folder can express them (generation_config.json).
#pragma once

#include <string>
#include <vector>

#include "exchange/marian_yaml.h"
#include "folder/generation_config.h"

namespace dragoman {

// Applies beam-size, normalize and word-penalty, with Marian's own defaults (12, 0, 0) for missing keys. With
// allow-unk, <unk> is not suppressed. `notes` reports each other setting that changes translations, by name.
// ModelError naming the key for an invalid value.
void apply_marian_search(const MarianSettings& decoder, GenerationDefaults& generation,
                         std::vector<std::string>& notes);

}  // namespace dragoman
