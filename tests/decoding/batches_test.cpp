#include "decoding/batches.h"

#include <gtest/gtest.h>

namespace dragoman {
namespace {

using Batches = std::vector<std::vector<size_t>>;

TEST(BatchesByLength, TheLongestComeFirstAndTiesKeepTheirOrder) {
  EXPECT_EQ(batches_by_length({3, 9, 3, 5}, 1000), (Batches{{1, 3, 0, 2}}));
  EXPECT_EQ(batches_by_length({}, 1000), Batches());
}

TEST(BatchesByLength, BoundThePaddedPositions) {
  EXPECT_EQ(batches_by_length({3, 9, 3, 5}, 18), (Batches{{1, 3}, {0, 2}}));
  EXPECT_EQ(batches_by_length({3, 9, 3, 5}, 17), (Batches{{1}, {3, 0, 2}}));
  EXPECT_EQ(batches_by_length({3, 9}, 1), (Batches{{1}, {0}}));  // at least one
}

TEST(BatchesByLength, HaveAtMostSixtyFourSentences) {
  const auto batches = batches_by_length(std::vector<size_t>(130, 1), 1 << 20);
  ASSERT_EQ(batches.size(), 3U);
  EXPECT_EQ(batches[0].size(), 64U);
  EXPECT_EQ(batches[2].size(), 2U);
}

}  // namespace
}  // namespace dragoman
