// What was found in a parallel corpus: how often, and where first. Nothing is dropped in silence.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace dragoman {

enum class CorpusIssue {
  kInvalidUtf8,     // a line, kept: what is not UTF-8 became U+FFFD
  kOneSideBlank,    // a pair, dropped
  kBothSidesBlank,  // a pair, dropped
  kWithoutTab,      // a line of a tab-separated file with no tab, dropped
  kMoreColumns,     // a line of a tab-separated file with several tabs: the first two columns are kept
  kTooLong,         // a pair, dropped: more tokens than max_train_length on a side
  kUnequalLengths,  // a pair, dropped: one side has max_length_ratio times the tokens of the other
  // What corpus_doctor.h looks for, and unknown characters; all kept.
  kLineSeparator,      // a line with a character at which other programs end a line
  kDuplicate,          // a pair that stood there before
  kCopy,               // a pair whose sides are the same text
  kUnusualRatio,       // a pair whose lengths in characters are in another proportion than the corpus's
  kInValidation,       // a pair whose source is a validation source too
  kInTest,             // the same for the test text
  kUnknownCharacters,  // a line with characters that the tokenizer does not know
};
inline constexpr size_t kCorpusIssues = 14;

class CorpusReport {
 public:
  int64_t read = 0;  // pairs (lines of a side) that the files hold
  int64_t kept = 0;  // pairs that are left

  explicit CorpusReport(int64_t max_examples = 3) : max_examples_(static_cast<size_t>(max_examples)) {}

  void add(CorpusIssue issue, const std::string& place) { add(issue, 1, {place}); }
  void add(CorpusIssue issue, int64_t count, const std::vector<std::string>& places);
  int64_t count(CorpusIssue issue) const;
  static const char* text_of(CorpusIssue issue);
  // "file:line" of the first ones, max_examples at most.
  const std::vector<std::string>& examples(CorpusIssue issue) const;

  // For the log: one line of totals, then those of findings().
  std::vector<std::string> lines() const;
  // One line for each issue that occurred.
  std::vector<std::string> findings() const;
  // [{"name": "copy", "count": 7, "meaning": "...", "examples": ["a.en:3", ...]}, ...]
  nlohmann::ordered_json findings_json() const;

 private:
  struct Finding {
    int64_t count = 0;
    std::vector<std::string> examples;
  };
  size_t max_examples_;
  std::array<Finding, kCorpusIssues> findings_;
};

}  // namespace dragoman
