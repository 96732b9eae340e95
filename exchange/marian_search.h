// The search that decoder.yml asks for, as far as a model folder can say it (generation_config.json).
#pragma once

#include <string>
#include <vector>

#include "exchange/marian_yaml.h"
#include "folder/generation_config.h"

namespace dragoman {

// Sets what Marian's decoder would do with this file: beam-size, normalize and word-penalty, with Marian's
// own defaults (12, 0, 0) where the file does not say, and no suppressed <unk> with allow-unk. Each other
// setting that changes translations is told in `notes`, by name. ModelError naming the key for a value that
// is none.
void apply_marian_search(const MarianSettings& decoder, GenerationDefaults& generation,
                         std::vector<std::string>& notes);

}  // namespace dragoman
