#include "data/corpus_report.h"

#include "core/json.h"
#include "core/log.h"

namespace dragoman {
namespace {

struct IssueText {
  const char* name;     // in JSON
  const char* meaning;  // after a number
};

// In the order of CorpusIssue.
constexpr std::array<IssueText, kCorpusIssues> kTexts = {{
    {"invalid_utf8", "lines with invalid UTF-8, replaced by U+FFFD"},
    {"one_side_blank", "pairs dropped: one side is blank"},
    {"both_sides_blank", "pairs dropped: both sides are blank"},
    {"without_tab", "lines dropped: no tab"},
    {"more_columns", "lines with more than two columns, of which the first two are taken"},
    {"too_long", "pairs dropped: a side has too many tokens (--max-train-length)"},
    {"unequal_lengths", "pairs dropped: the sides differ too much in length (--max-length-ratio)"},
    {"line_separator", "lines with a character at which other programs end a line (such as CR or U+2028)"},
    {"duplicate", "pairs that occurred before"},
    {"copy", "pairs whose target is a copy of the source"},
    {"unusual_ratio",
     "pairs whose lengths in characters are in an unusual proportion (check --length-ratio)"},
    {"in_validation", "pairs whose source is also in the validation text"},
    {"in_test", "pairs whose source is also in the test text"},
    {"unknown_characters", "lines with characters that the tokenizer does not know"},
}};

size_t index_of(CorpusIssue issue) {
  return static_cast<size_t>(issue);
}

}  // namespace

const char* CorpusReport::text_of(CorpusIssue issue) {
  return kTexts[index_of(issue)].meaning;
}

void CorpusReport::add(CorpusIssue issue, int64_t count, const std::vector<std::string>& places) {
  Finding& finding = findings_[index_of(issue)];
  finding.count += count;
  for (const std::string& place : places) {
    if (std::ssize(finding.examples) < max_examples_) finding.examples.push_back(place);
  }
}

int64_t CorpusReport::count(CorpusIssue issue) const {
  return findings_[index_of(issue)].count;
}

const std::vector<std::string>& CorpusReport::examples(CorpusIssue issue) const {
  return findings_[index_of(issue)].examples;
}

std::vector<std::string> CorpusReport::lines() const {
  std::vector<std::string> result = {with_commas(kept) + " of " + with_commas(read) + " pairs kept"};
  for (std::string& line : findings()) result.push_back(std::move(line));
  return result;
}

std::vector<std::string> CorpusReport::findings() const {
  std::vector<std::string> result;
  for (size_t i = 0; i < kCorpusIssues; ++i) {
    const Finding& finding = findings_[i];
    if (finding.count == 0) continue;
    std::string places;
    for (const std::string& place : finding.examples) places += (places.empty() ? "" : ", ") + place;
    if (finding.count > std::ssize(finding.examples)) places += places.empty() ? "..." : ", ...";
    result.push_back(with_commas(finding.count) + " " + kTexts[i].meaning + " (" + places + ")");
  }
  return result;
}

nlohmann::ordered_json CorpusReport::findings_json() const {
  nlohmann::ordered_json result = nlohmann::ordered_json::array();
  for (size_t i = 0; i < kCorpusIssues; ++i) {
    const Finding& finding = findings_[i];
    if (finding.count == 0) continue;
    result.push_back({{"name", kTexts[i].name},
                      {"count", finding.count},
                      {"meaning", kTexts[i].meaning},
                      {"examples", finding.examples}});
  }
  return result;
}

}  // namespace dragoman
