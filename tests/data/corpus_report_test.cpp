#include "data/corpus_report.h"

#include <gtest/gtest.h>

namespace dragoman {
namespace {

TEST(CorpusReport, OmitsIssuesThatDidNotOccur) {
  CorpusReport report;
  report.read = 1234;
  report.kept = 1234;
  EXPECT_EQ(report.lines(), std::vector<std::string>{"1,234 of 1,234 pairs kept"});
}

TEST(CorpusReport, CountsAllAndNamesTheFirstThree) {
  CorpusReport report;
  report.read = 9;
  report.kept = 4;
  for (int line = 1; line <= 4; ++line) report.add(CorpusIssue::kTooLong, "a:" + std::to_string(line));
  report.add(CorpusIssue::kOneSideBlank, "b:7");
  EXPECT_EQ(report.count(CorpusIssue::kTooLong), 4);
  EXPECT_EQ(report.examples(CorpusIssue::kTooLong), (std::vector<std::string>{"a:1", "a:2", "a:3"}));
  const std::vector<std::string> expected = {
      "4 of 9 pairs kept",
      "1 pairs dropped: one side is blank (b:7)",
      "4 pairs dropped: a side has too many tokens (--max-train-length) (a:1, a:2, a:3, ...)",
  };
  EXPECT_EQ(report.lines(), expected);
}

}  // namespace
}  // namespace dragoman
