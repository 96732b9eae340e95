// Text to text: the second walk. line --> ids --> memory --> search over cached steps --> hypothesis -->
// line.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "decoding/search_engine.h"
#include "decoding/search_options.h"
#include "folder/model_folder.h"

namespace dragoman {

// What becomes of translations that repeat themselves (loop_guard.h).
enum class LoopGuard { kMark, kRetry, kOff };
constexpr auto names_of(LoopGuard) {
  return choice_names("mark", "retry", "off");
}

struct TranslateOptions {
  SearchOptions search;
  int64_t max_tokens = 4096;
  int64_t max_batch_lines = 1024;
  int64_t max_source_length = 512;
  std::string target_language;
  bool split_sentences = false;
  LoopGuard loop_guard = LoopGuard::kMark;

  OptionList describe();
};

enum class TranslationStatus {
  kOk,
  kEmpty,       // nothing but white space came in: nothing goes out, the model was not asked
  kSplit,       // longer than max_source_length: translated in pieces and rejoined
  kUnreadable,  // half of the source's tokens or more are <unk>: the model cannot read it
  kSilent,      // the model was asked, and its best translation is an empty text
  kTruncated,   // the best hypothesis hit the length limit before </s>
  kLooped,      // the best hypothesis turns in circles (loop_guard.h), whatever else is to be said of it
};
std::string status_name(TranslationStatus status);  // "ok", ...

struct Translation {
  struct Candidate {
    std::string text;
    double score = 0;            // what hypotheses were compared by
    double log_probability = 0;  // the sum over all tokens
    int64_t tokens = 0;          // generated, </s> not counted
  };
  // Best first, all of different texts (but for those that were drawn by chance); one at least, whose text is
  // "" for an empty line.
  std::vector<Candidate> candidates;
  TranslationStatus status = TranslationStatus::kOk;
  int64_t replaced_bytes = 0;  // ill-formed UTF-8 sequences that became U+FFFD
  int64_t pieces = 1;          // translated apart and rejoined
  bool retried = false;        // was a loop, and was decoded again without repetitions

  const std::string& text() const { return candidates.front().text; }
};

class Translator {
 public:
  // UsageError for an unknown target language (naming the known ones) or options that do not fit together.
  Translator(ModelFolder folder, const TranslateOptions& options, const EngineFactory& make_engine);
  // An ensemble: every token is chosen by the mean of the models' log-probabilities. folders: one at least;
  // tokenizers and generation settings are the first one's. UsageError also where vocabularies differ.
  Translator(std::vector<ModelFolder> folders, const TranslateOptions& options,
             const EngineFactory& make_engine);

  // One translation a line, in the order of the lines. No translation contains a line break. Lines are sorted
  // by length and translated in batches of at most max_tokens padded positions; a line's text does not depend
  // on its batch. prefixes: none, or one a line, possibly empty, with which its translation begins.
  std::vector<Translation> translate(const std::vector<std::string>& lines,
                                     const std::vector<std::string>& prefixes = {}) const;

  const ModelFolder& folder() const { return folders_.front(); }  // the first one

 private:
  struct Segment;  // what is asked of the model in one go: a line, or a piece of one
  std::vector<Segment> segments_of(size_t line, const std::string& text) const;
  SearchOptions wanted_search(bool retried) const;
  void search_all(const std::vector<Segment*>& segments, const SearchOptions& search) const;
  void search_batch(const std::vector<Segment*>& batch, const SearchOptions& search) const;
  void guard_against_loops(std::vector<Segment>& segments) const;
  void keep_different_texts(Segment& segment, std::vector<Hypothesis> more) const;
  void find_different_texts(std::vector<Segment>& segments) const;
  Translation assemble(const std::vector<Segment>& segments, size_t begin, size_t end) const;

  std::vector<ModelFolder> folders_;
  TranslateOptions options_;
  std::unique_ptr<SearchEngine> engine_;
  std::vector<std::vector<int64_t>> forbidden_;  // groups of tokens that never stand in a translation
  std::vector<int64_t> prefix_;                  // the language code's id, if one was asked for
};

// The best translation of each source, in order. `progress` is given now and then the latest translations, in
// any order. Interrupted.
using TranslationProgress = std::function<void(const std::vector<Translation>&)>;
StringList translate_lines(const Translator& translator, const StringList& sources,
                           const TranslationProgress& progress = nullptr);

}  // namespace dragoman
