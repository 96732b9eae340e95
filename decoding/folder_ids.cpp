#include "decoding/folder_ids.h"

#include <algorithm>

namespace dragoman {

std::vector<int64_t> forbidden_ids(const ModelFolder& folder) {
  std::vector<int64_t> ids = folder.generation.forbidden_tokens;
  ids.push_back(folder.options.target_pad_id());
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  const int64_t vocabulary = folder.options.decoder_vocab_size;
  int64_t largest = ids.back();
  for (const auto& group : folder.generation.forbidden_groups)
    largest = std::max(largest, *std::max_element(group.begin(), group.end()));
  if (largest >= vocabulary)
    throw ModelError(folder.path + ": bad_words_ids",
                     "required ids below " + std::to_string(vocabulary) + ", got " + std::to_string(largest));
  return ids;
}

std::vector<int64_t> language_prefix(const ModelFolder& folder, const std::string& language) {
  if (language.empty()) return {};
  const Vocabulary& vocabulary = folder.tokenizers.source.vocabulary();
  if (const auto id = vocabulary.find(">>" + language + "<<")) return {*id};
  std::string known;
  for (const auto& code : vocabulary.language_codes())
    known += (known.empty() ? "" : ", ") + code.substr(2, code.size() - 4);
  throw UsageError("--target-language",
                   "required " +
                       (known.empty() ? "no language: this model has one target" : "one of " + known) +
                       ", got '" + language + "'");
}

}  // namespace dragoman
