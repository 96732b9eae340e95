// uses: torch
#include "training/loss_scale.h"

#include <gtest/gtest.h>

namespace dragoman {
namespace {

TEST(LossScale, IsHalvedBySkippedUpdatesDownToOne) {
  LossScale scale{4, 100};
  for (const double expected : {2.0, 1.0, 1.0}) {
    scale = scale.after(true);
    EXPECT_EQ(scale.value, expected);
    EXPECT_EQ(scale.age, 0);
  }
}

TEST(LossScale, IsDoubledAfterManyUpdatesWithoutASkippedOne) {
  LossScale scale{8, 0};
  for (int64_t i = 1; i < LossScale::kGrowthInterval; ++i) {
    scale = scale.after(false);
    ASSERT_EQ(scale.value, 8);
    ASSERT_EQ(scale.age, i);
  }
  scale = scale.after(false);
  EXPECT_EQ(scale.value, 16);
  EXPECT_EQ(scale.age, 0);
}

}  // namespace
}  // namespace dragoman
