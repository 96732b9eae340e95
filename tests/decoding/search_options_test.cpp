#include "decoding/search_options.h"

#include <gtest/gtest.h>

#include <cmath>

namespace dragoman {
namespace {

TEST(SearchOptions, PenaltyIsTheLengthToThePowerOfAlpha) {
  EXPECT_DOUBLE_EQ(SearchOptions{}.penalty(7), 7);
  EXPECT_DOUBLE_EQ(SearchOptions{.length_penalty = 0}.penalty(7), 1);
  EXPECT_DOUBLE_EQ(SearchOptions{.length_penalty = 0.6}.penalty(7), std::pow(7, 0.6));
  EXPECT_DOUBLE_EQ(SearchOptions{.length_penalty = -1}.penalty(4), 0.25);
}

TEST(SearchOptions, WuPenaltyIsEquation14OfWuEtAl2016) {
  const SearchOptions options{.length_penalty = 0.6, .length_penalty_kind = LengthPenaltyKind::kWu};
  EXPECT_DOUBLE_EQ(options.penalty(1), 1);
  EXPECT_DOUBLE_EQ(options.penalty(13), std::pow(18.0 / 6.0, 0.6));
}

TEST(SearchOptions, TheLimitIsTheGivenOneOrFollowsTheSource) {
  EXPECT_EQ(SearchOptions{.max_length = 9}.limit(100, 512), 9);
  EXPECT_EQ(SearchOptions{}.limit(10, 512), 80);
  EXPECT_EQ(SearchOptions{}.limit(500, 512), 512);
}

TEST(SearchOptions, TheLimitIsNeverBelowTheMinimumLength) {
  EXPECT_EQ(SearchOptions{.min_length = 100}.limit(4, 512), 162);  // 100 + 3 * 4 + 50
  EXPECT_EQ(SearchOptions{.min_length = 500}.limit(4, 512), 512);
  EXPECT_EQ(SearchOptions{.min_length = 600}.limit(4, 512), 662);  // above the folder's own limit
}

TEST(SearchOptions, TheWordPenaltyLowersTheScoreForEachToken) {
  EXPECT_DOUBLE_EQ((SearchOptions{.length_penalty = 0.5, .word_penalty = 0.25}.score(-3, 4)), (-3 - 1) / 2.0);
}

TEST(SearchOptions, ThatDoNotFitTogetherAreUsageErrors) {
  EXPECT_NO_THROW((SearchOptions{.beam_size = 4, .n_best = 4}.check()));
  EXPECT_THROW((SearchOptions{.beam_size = 4, .n_best = 5}.check()), UsageError);
  EXPECT_THROW((SearchOptions{.min_length = 8, .max_length = 8}.check()), UsageError);
}

}  // namespace
}  // namespace dragoman
