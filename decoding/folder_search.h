// The search settings of a model folder: default < folder < flag. Torch-free.
#pragma once

#include <string>
#include <vector>

#include "decoding/search_options.h"
#include "folder/generation_config.h"

namespace dragoman {

// A setting of a model folder.
struct FolderSetting {
  std::string option;  // the flag without its dashes, or "" if there is none
  std::string key;     // of generation_config.json
  std::string value;   // as in the file
};

// Sets the members for which the folder has a value, and returns these settings. The keys have the same
// meaning as in transformers, with two differences. Missing keys keep this program's default (a beam of 4). A
// max_length of 512, which training and the conversion of OPUS-MT write into every folder, bounds the usual
// limit and does not replace it.
std::vector<FolderSetting> apply_generation(const GenerationDefaults& generation, SearchOptions& search);

}  // namespace dragoman
