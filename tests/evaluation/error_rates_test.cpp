#include "evaluation/error_rates.h"

#include <gtest/gtest.h>

#include "evaluation/metrics.h"

namespace dragoman {
namespace {

double wrong(const std::string& hypothesis, const StringList& references) {
  return SentenceErrorRate().statistics(hypothesis, references)[0];
}

Statistics edits(const std::string& hypothesis, const StringList& references) {
  return TokenErrorRate().statistics(hypothesis, references);
}

TEST(SentenceErrorRate, ALineIsRightWhenItEqualsOneOfItsReferences) {
  EXPECT_EQ(wrong("k ae t", {"k ae t"}), 0);
  EXPECT_EQ(wrong("k ae t", {"k ae d"}), 1);
  EXPECT_EQ(wrong("k ae t", {"k ae d", "k ae t"}), 0);
  EXPECT_EQ(wrong("K ae t", {"k ae t"}), 1);
}

TEST(SentenceErrorRate, WhiteSpaceDoesNotCount) {
  EXPECT_EQ(wrong(" k  ae\u00A0t ", {"k ae t"}), 0);
  EXPECT_EQ(wrong("kae t", {"k ae t"}), 1);
}

TEST(SentenceErrorRate, ABlankReferenceIsIgnoredIfAnotherHasText) {
  EXPECT_EQ(wrong("", {"k ae t", ""}), 1);
  EXPECT_EQ(wrong("", {"", ""}), 0);
  EXPECT_EQ(wrong("x", {""}), 1);
}

TEST(TokenErrorRate, CountsEditsAgainstTheNearestReference) {
  EXPECT_EQ(edits("k ae t", {"k ae t"}), (Statistics{0, 3}));
  EXPECT_EQ(edits("k ae t s", {"k ae t"}), (Statistics{1, 3}));  // one too many
  EXPECT_EQ(edits("k t", {"k ae t"}), (Statistics{1, 3}));       // one is missing
  EXPECT_EQ(edits("k ao t", {"k ae t"}), (Statistics{1, 3}));    // one is another
  EXPECT_EQ(edits("t ae k", {"k ae t"}), (Statistics{2, 3}));
  EXPECT_EQ(edits("", {"k ae t"}), (Statistics{3, 3}));
  EXPECT_EQ(edits("b er d z", {"f ih sh", "b er d"}), (Statistics{1, 3}));
  EXPECT_EQ(edits("a", {""}), (Statistics{1, 0}));
}

TEST(ErrorRates, AreSharesInPercentOfTheWholeCorpus) {
  MetricOptions options;
  options.metrics = {MetricName::kSer, MetricName::kPer};
  const auto scores = score_corpus({"a b", "c", "d e f"}, {{"a b", "x", "d e g"}}, options);
  ASSERT_EQ(scores.size(), 2u);
  EXPECT_EQ(scores[0].name, "PER");
  EXPECT_DOUBLE_EQ(scores[0].score, 100.0 * 2 / 6);
  EXPECT_EQ(scores[0].verbose, "(2 edits of 6 tokens)");
  EXPECT_EQ(scores[1].name, "SER");
  EXPECT_DOUBLE_EQ(scores[1].score, 100.0 * 2 / 3);
  EXPECT_EQ(scores[1].verbose, "(2 of 3 lines)");
}

}  // namespace
}  // namespace dragoman
