// The search settings of a model folder: default < folder < flag. Torch-free.
#pragma once

#include <string>
#include <vector>

#include "decoding/search_options.h"
#include "folder/generation_config.h"

namespace dragoman {

// A setting that a folder gives.
struct FolderSetting {
  std::string option;  // the flag without its dashes, or "" where there is none
  std::string key;     // of generation_config.json
  std::string value;   // as the file has it
};

// Sets the members that the folder says something of, and names them. transformers' keys mean here what they
// mean there. Two differences: what it leaves out keeps this program's default (a beam of 4), and a
// max_length of 512, which training and the conversion of OPUS-MT write into every folder, bounds the usual
// limit and does not replace it.
std::vector<FolderSetting> apply_generation(const GenerationDefaults& generation, SearchOptions& search);

}  // namespace dragoman
