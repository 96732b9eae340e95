#include "data/corpus_report.h"

#include "core/log.h"

namespace dragoman {
namespace {

constexpr size_t kExamples = 3;

}  // namespace

const char* CorpusReport::text_of(CorpusIssue issue) {
  switch (issue) {
    case CorpusIssue::kInvalidUtf8:
      return "lines with invalid UTF-8, replaced by U+FFFD";
    case CorpusIssue::kOneSideBlank:
      return "pairs dropped: one side is blank";
    case CorpusIssue::kBothSidesBlank:
      return "pairs dropped: both sides are blank";
    case CorpusIssue::kWithoutOneTab:
      return "lines dropped: not exactly one tab";
    case CorpusIssue::kTooLong:
      return "pairs dropped: a side has too many tokens (--max-train-length)";
    case CorpusIssue::kUnequalLengths:
      return "pairs dropped: the sides differ too much in length (--max-length-ratio)";
  }
  return "";
}

void CorpusReport::add(CorpusIssue issue, const std::string& place) {
  Finding& finding = findings_[static_cast<size_t>(issue)];
  ++finding.count;
  if (finding.examples.size() < kExamples) finding.examples.push_back(place);
}

int64_t CorpusReport::count(CorpusIssue issue) const {
  return findings_[static_cast<size_t>(issue)].count;
}

const std::vector<std::string>& CorpusReport::examples(CorpusIssue issue) const {
  return findings_[static_cast<size_t>(issue)].examples;
}

std::vector<std::string> CorpusReport::lines() const {
  std::vector<std::string> result = {with_commas(kept) + " of " + with_commas(read) + " pairs kept"};
  for (size_t i = 0; i < kCorpusIssues; ++i) {
    const Finding& finding = findings_[i];
    if (finding.count == 0) continue;
    std::string places;
    for (const std::string& place : finding.examples) places += (places.empty() ? "" : ", ") + place;
    if (finding.count > static_cast<int64_t>(finding.examples.size())) places += ", ...";
    result.push_back(with_commas(finding.count) + " " + text_of(static_cast<CorpusIssue>(i)) + " (" + places +
                     ")");
  }
  return result;
}

}  // namespace dragoman
