// The findings in a parallel corpus, with their counts and first places. Nothing is dropped silently.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace dragoman {

enum class CorpusIssue {
  kInvalidUtf8,     // a line, kept: U+FFFD replaces invalid UTF-8
  kOneSideBlank,    // a pair, dropped
  kBothSidesBlank,  // a pair, dropped
  kWithoutTab,      // a line of a tab-separated file with no tab, dropped
  kMoreColumns,     // a line of a tab-separated file with several tabs: the first two columns are kept
  kTooLong,         // a pair, dropped: more tokens than max_train_length on a side
  kUnequalLengths,  // a pair, dropped: one side has max_length_ratio times the tokens of the other
  // The findings of corpus_doctor.h, and unknown characters. All are kept.
  kLineSeparator,      // a line with a character at which other programs end a line
  kDuplicate,          // a pair that occurred before
  kCopy,               // a pair whose sides are the same text
  kUnusualRatio,       // a pair with another length ratio in characters than the corpus
  kInValidation,       // a pair whose source is also a validation source
  kInTest,             // the same for the test text
  kUnknownCharacters,  // a line with characters that the tokenizer does not know
};
inline constexpr size_t kCorpusIssues = 14;

class CorpusReport {
 public:
  int64_t read = 0;  // pairs (lines of a side) in the files
  int64_t kept = 0;  // pairs that were not dropped

  explicit CorpusReport(int64_t max_examples = 3) : max_examples_(max_examples) {}

  void add(CorpusIssue issue, const std::string& place) { add(issue, 1, {place}); }
  void add(CorpusIssue issue, int64_t count, const std::vector<std::string>& places);
  int64_t count(CorpusIssue issue) const;
  static const char* text_of(CorpusIssue issue);
  // "file:line" of the first ones, at most max_examples.
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
  int64_t max_examples_;
  std::array<Finding, kCorpusIssues> findings_;
};

}  // namespace dragoman
