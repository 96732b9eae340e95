#include "data/corpus_statistics.h"

#include <gtest/gtest.h>

namespace dragoman {
namespace {

LengthStatistics statistics_of(const std::vector<std::vector<int32_t>>& sentences, int32_t unknown_id) {
  LengthStatistics statistics;
  for (const auto& sentence : sentences) statistics.add(sentence, unknown_id);
  return statistics;
}

const std::vector<std::vector<int32_t>> kSource = {{5, 0}, {5, 1, 6, 0}, {1, 0}, {7, 8, 9, 0}};
const std::vector<std::vector<int32_t>> kTarget = {{5, 0}, {5, 0}, {5, 0}, {2, 3, 4, 5, 6, 0}};

TEST(CorpusStatistics, CountsLengthsAndUnknownTokens) {
  const LengthStatistics source = statistics_of(kSource, 1), target = statistics_of(kTarget, 1);
  EXPECT_EQ(source.counts, (std::vector<int64_t>{0, 0, 2, 0, 2}));
  EXPECT_EQ(source.sentences, 4);
  EXPECT_EQ(source.tokens, 12);
  EXPECT_DOUBLE_EQ(source.mean(), 3);
  EXPECT_DOUBLE_EQ(source.unknown_rate(), 2.0 / 8);  // </s> does not count
  EXPECT_EQ(target.tokens, 12);
  EXPECT_DOUBLE_EQ(target.unknown_rate(), 0);
}

TEST(CorpusStatistics, TheUnknownTokenHasTheIdOfTheVocabulary) {
  EXPECT_DOUBLE_EQ(statistics_of(kSource, 5).unknown_rate(), 2.0 / 8);
  EXPECT_DOUBLE_EQ(statistics_of(kTarget, 5).unknown_rate(), 4.0 / 8);
}

TEST(CorpusStatistics, QuantilesAreLengthsThatOccur) {
  const LengthStatistics target = statistics_of(kTarget, 1);
  EXPECT_EQ(target.quantile(0), 2);
  EXPECT_EQ(target.quantile(0.5), 2);
  EXPECT_EQ(target.quantile(0.75), 2);
  EXPECT_EQ(target.quantile(0.76), 6);
  EXPECT_EQ(target.quantile(1), 6);
}

TEST(CorpusStatistics, OfAnEmptyCorpusAreZero) {
  const LengthStatistics none;
  EXPECT_EQ(none.mean(), 0);
  EXPECT_EQ(none.quantile(0.5), 0);
  EXPECT_EQ(none.unknown_rate(), 0);
}

}  // namespace
}  // namespace dragoman
