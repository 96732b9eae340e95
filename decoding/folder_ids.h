// Ids that a model folder and the command line ask for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "decoding/model_folder.h"

namespace dragoman {

// Ids that are never generated: <pad>, and the single ones of bad_words_ids. ModelError for ids beyond the
// vocabulary, those of forbidden groups too.
std::vector<int64_t> forbidden_ids(const ModelFolder& folder);

// The id of >>language<<, or nothing for "". UsageError naming the languages that the model knows.
std::vector<int64_t> language_prefix(const ModelFolder& folder, const std::string& language);

}  // namespace dragoman
