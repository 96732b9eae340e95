// What was found in a parallel corpus: how often, and where first. Nothing is dropped in silence.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace dragoman {

enum class CorpusIssue {
  kInvalidUtf8,     // a line, kept: what is not UTF-8 became U+FFFD
  kOneSideBlank,    // a pair, dropped
  kBothSidesBlank,  // a pair, dropped
  kWithoutOneTab,   // a line of a tab-separated file with no tab or with several, dropped
  kTooLong,         // a pair, dropped: more tokens than max_train_length on a side
  kUnequalLengths,  // a pair, dropped: one side has max_length_ratio times the tokens of the other
};
inline constexpr size_t kCorpusIssues = 6;

class CorpusReport {
 public:
  int64_t read = 0;  // pairs (lines of a side) that the files hold
  int64_t kept = 0;  // pairs that are left

  void add(CorpusIssue issue, const std::string& place);
  int64_t count(CorpusIssue issue) const;
  static const char* text_of(CorpusIssue issue);
  // "file:line" of the first three.
  const std::vector<std::string>& examples(CorpusIssue issue) const;

  // For the log: one line of totals, then one for each issue that occurred.
  std::vector<std::string> lines() const;

 private:
  struct Finding {
    int64_t count = 0;
    std::vector<std::string> examples;
  };
  std::array<Finding, kCorpusIssues> findings_;
};

}  // namespace dragoman
