// Token ids from the settings of a model folder and from the command line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "decoding/search_options.h"
#include "folder/model_folder.h"

namespace dragoman {

// Ids that are never generated: <pad>, ids without a piece, and the single ids of bad_words_ids. ModelError
// for ids outside the vocabulary, also in forbidden n-grams.
std::vector<int64_t> forbidden_ids(const ModelFolder& folder);

// ModelError for ids in the search settings that are outside the vocabulary.
void check_ids(const ModelFolder& folder, const SearchOptions& search);

// The id of >>language<<, or an empty list for "". UsageError naming the languages that the model knows.
std::vector<int64_t> language_prefix(const ModelFolder& folder, const std::string& language);

// A warning when a model has several target languages and a line names none of them: the first such line and
// the languages. Otherwise "". first_line: the number of lines before these.
std::string language_warning(const ModelFolder& folder, const std::string& target_language,
                             const std::vector<std::string>& lines, int64_t first_line = 0);

}  // namespace dragoman
