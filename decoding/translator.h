// Translation: line --> ids --> memory --> search over cached steps --> hypothesis --> line
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
  kEmpty,       // the line is blank: so is the translation, without the model
  kSplit,       // longer than max_source_length: translated in pieces and rejoined
  kUnreadable,  // at least half of the source's tokens are <unk>: the model cannot read it
  kSilent,      // the model's best translation is empty
  kTruncated,   // the best hypothesis reached the length limit before </s>
  kLooped,      // the best hypothesis repeats itself (loop_guard.h); takes precedence over the others
};
std::string status_name(TranslationStatus status);  // "ok", ...

struct Translation {
  struct Candidate {
    std::string text;
    double score = 0;            // by which hypotheses were compared
    double log_probability = 0;  // the sum over all tokens
    int64_t tokens = 0;          // generated, without </s>
  };
  // Best first, with different texts (samples may have equal texts). At least one, with the text "" for an
  // empty line.
  std::vector<Candidate> candidates;
  TranslationStatus status = TranslationStatus::kOk;
  int64_t replaced_bytes = 0;  // ill-formed UTF-8 sequences that became U+FFFD
  int64_t pieces = 1;          // translated separately and rejoined
  bool retried = false;        // was a loop and was decoded again without repetitions

  const std::string& text() const { return candidates.front().text; }
};

class Translator {
 public:
  // UsageError for an unknown target language (naming the known ones) or options that do not fit together.
  Translator(ModelFolder folder, const TranslateOptions& options, const EngineFactory& make_engine);
  // An ensemble: every token is chosen by the mean of the models' log-probabilities. folders: at least one;
  // the first has the tokenizers and generation settings. UsageError also when vocabularies differ.
  Translator(std::vector<ModelFolder> folders, const TranslateOptions& options,
             const EngineFactory& make_engine);

  // One translation per line, in the order of the lines. No translation contains a line break. Lines are
  // sorted by length and translated in batches of at most max_tokens padded positions. A line's text does not
  // depend on its batch. prefixes: none, or one per line, possibly empty: the forced prefix of its
  // translation.
  std::vector<Translation> translate(const std::vector<std::string>& lines,
                                     const std::vector<std::string>& prefixes = {}) const;

  const ModelFolder& folder() const { return folders_.front(); }  // the first one

 private:
  struct Segment;  // a line or a piece of it, one input of the model
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
  std::vector<std::vector<int64_t>> forbidden_;  // forbidden n-grams
  std::vector<int64_t> prefix_;                  // the id of --target-language, if it is set
};

// The best translation of each source, in order. `progress` regularly gets the latest translations, in any
// order. Throws Interrupted.
using TranslationProgress = std::function<void(const std::vector<Translation>&)>;
StringList translate_lines(const Translator& translator, const StringList& sources,
                           const TranslationProgress& progress = nullptr);

}  // namespace dragoman
