// Ids that a model folder and the command line ask for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "decoding/search_options.h"
#include "folder/model_folder.h"

namespace dragoman {

// Ids that are never generated: <pad>, those without a piece, and the single ones of bad_words_ids.
// ModelError for ids beyond the vocabulary, those of forbidden groups too.
std::vector<int64_t> forbidden_ids(const ModelFolder& folder);

// ModelError for ids among the settings of the search that the vocabulary does not have.
void check_ids(const ModelFolder& folder, const SearchOptions& search);

// The id of >>language<<, or nothing for "". UsageError naming the languages that the model knows.
std::vector<int64_t> language_prefix(const ModelFolder& folder, const std::string& language);

// What a person should know when a model has several target languages and one of the lines asks for none that
// it has: the first such line and the languages. "" where all is well. first_line: the number of lines before
// these.
std::string language_warning(const ModelFolder& folder, const std::string& target_language,
                             const std::vector<std::string>& lines, int64_t first_line = 0);

}  // namespace dragoman
