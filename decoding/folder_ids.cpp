#include "decoding/folder_ids.h"

#include <algorithm>

#include "core/files.h"
#include "core/utf8.h"

namespace dragoman {
namespace {

void require_in_vocabulary(const ModelFolder& folder, const char* key, const std::vector<int64_t>& ids) {
  for (const int64_t id : ids) {
    if (id >= folder.options.decoder_vocab_size)
      throw ModelError(join_path(folder.path, folder.generation.file) + ": " + key,
                       "expected ids below " + std::to_string(folder.options.decoder_vocab_size) + ", got " +
                           std::to_string(id));
  }
}

// "fra, deu"; at most `most` codes.
std::string language_list(const Vocabulary& vocabulary, size_t most) {
  std::string text;
  size_t count = 0;
  for (const auto& code : vocabulary.language_codes()) {
    if (++count > most) return text + ", ...";
    text += (text.empty() ? "" : ", ") + code.substr(2, code.size() - 4);
  }
  return text;
}

}  // namespace

std::vector<int64_t> forbidden_ids(const ModelFolder& folder) {
  std::vector<int64_t> ids = folder.generation.forbidden_tokens;
  ids.push_back(folder.options.target_pad_id());
  const Vocabulary& vocabulary = folder.tokenizers.target.vocabulary();
  for (int64_t id = 0; id < folder.options.decoder_vocab_size; ++id) {
    if (id >= vocabulary.size() || vocabulary.piece(id).empty()) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  require_in_vocabulary(folder, "bad_words_ids", ids);
  for (const auto& group : folder.generation.forbidden_groups)
    require_in_vocabulary(folder, "bad_words_ids", group);
  return ids;
}

void check_ids(const ModelFolder& folder, const SearchOptions& search) {
  require_in_vocabulary(folder, "forced_bos_token_id", {search.forced_begin});
  require_in_vocabulary(folder, "forced_eos_token_id", search.forced_ends);
  require_in_vocabulary(folder, "suppress_tokens", search.suppressed);
  require_in_vocabulary(folder, "begin_suppress_tokens", search.begin_suppressed);
  require_in_vocabulary(folder, "eos_token_id", search.ends);
}

std::vector<int64_t> language_prefix(const ModelFolder& folder, const std::string& language) {
  if (language.empty()) return {};
  const Vocabulary& vocabulary = folder.tokenizers.source.vocabulary();
  if (const auto id = vocabulary.find(">>" + language + "<<")) return {*id};
  const std::string known = language_list(vocabulary, vocabulary.language_codes().size());
  throw UsageError("--target-language",
                   "expected " +
                       (known.empty() ? "no language: this model has one target" : "one of " + known) +
                       ", got '" + language + "'");
}

std::string language_warning(const ModelFolder& folder, const std::string& target_language,
                             const std::vector<std::string>& lines, int64_t first_line) {
  const Tokenizer& tokenizer = folder.tokenizers.source;
  const Vocabulary& vocabulary = tokenizer.vocabulary();
  if (vocabulary.language_codes().size() < 2) return "";
  const auto wanted = vocabulary.find(">>" + target_language + "<<");
  for (int64_t i = 0; i < std::ssize(lines); ++i) {
    const SourceLine line = tokenizer.source_line(lines[i]);
    if (line.code && wanted && line.code != wanted)
      return "line " + std::to_string(first_line + i + 1) + " asks for " + vocabulary.piece(*line.code) +
             ", which overrides --target-language " + target_language;
    const bool unknown = !line.unknown_code.empty();
    if (line.code || is_blank(lines[i]) || (!unknown && !target_language.empty())) continue;
    const std::string number = "line " + std::to_string(first_line + i + 1);
    return number +
           (unknown ? " asks for " + std::string(line.unknown_code) + ", which this model does not know"
                    : " names no target language, and this model has several") +
           " (" + language_list(vocabulary, 8) +
           "): put >>CODE<< before each line, or give --target-language";
  }
  return "";
}

}  // namespace dragoman
