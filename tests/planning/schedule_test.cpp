#include "planning/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace dragoman {
namespace {

TrainingOptions options_of(Schedule schedule, double rate, int64_t warmup) {
  TrainingOptions options;
  options.schedule = schedule, options.learning_rate = rate, options.warmup = warmup;
  return options;
}

TEST(Schedule, InverseSqrtRisesLinearlyThenFallsWithTheSquareRoot) {
  const auto options = options_of(Schedule::kInverseSqrt, 0.5, 100);
  EXPECT_DOUBLE_EQ(learning_rate_at(1, options, 64), 0.005);
  EXPECT_DOUBLE_EQ(learning_rate_at(50, options, 64), 0.25);
  EXPECT_DOUBLE_EQ(learning_rate_at(100, options, 64), 0.5);  // the peak
  EXPECT_DOUBLE_EQ(learning_rate_at(400, options, 64), 0.25);
  EXPECT_DOUBLE_EQ(learning_rate_at(10'000, options, 64), 0.05);
  EXPECT_DOUBLE_EQ(learning_rate_at(400, options, 1024), 0.25);  // the width has no part in it
}

TEST(Schedule, NoamIsThePapersFormula) {
  for (const int64_t width : {64, 512}) {
    for (const int64_t warmup : {1, 10, 4000}) {
      for (const int64_t update : {1, 2, 9, 10, 11, 3999, 4000, 4001, 1'000'000}) {
        for (const double factor : {1.0, 2.0}) {
          const auto s = static_cast<double>(update), w = static_cast<double>(warmup);
          const double paper = factor * std::pow(static_cast<double>(width), -0.5) *
                               std::min(std::pow(s, -0.5), s * std::pow(w, -1.5));  // equation 3
          EXPECT_NEAR(learning_rate_at(update, options_of(Schedule::kNoam, factor, warmup), width), paper,
                      1e-12 * factor);
        }
      }
    }
  }
}

TEST(Schedule, ConstantStaysAtItsRateAfterTheWarmUp) {
  const auto options = options_of(Schedule::kConstant, 0.5, 10);
  EXPECT_DOUBLE_EQ(learning_rate_at(5, options, 64), 0.25);
  EXPECT_DOUBLE_EQ(learning_rate_at(10, options, 64), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate_at(1'000'000, options, 64), 0.5);
}

TEST(Schedule, CosineAndLinearFallToZeroAtTheLastUpdate) {
  for (const Schedule schedule : {Schedule::kCosine, Schedule::kLinear}) {
    auto options = options_of(schedule, 0.5, 100);
    options.max_updates = 1100;
    EXPECT_DOUBLE_EQ(learning_rate_at(50, options, 64), 0.25);
    EXPECT_DOUBLE_EQ(learning_rate_at(100, options, 64), 0.5);
    EXPECT_NEAR(learning_rate_at(600, options, 64), 0.25, 1e-12);
    EXPECT_NEAR(learning_rate_at(1100, options, 64), 0, 1e-12);
    EXPECT_NEAR(learning_rate_at(5000, options, 64), 0, 1e-12);
  }
  auto cosine = options_of(Schedule::kCosine, 1, 0);
  cosine.max_updates = 1000;
  EXPECT_NEAR(learning_rate_at(250, cosine, 64), (1 + std::cos(M_PI / 4)) / 2, 1e-2);
}

TEST(Schedule, WithoutWarmUpTheFirstUpdateHasTheWholeRate) {
  EXPECT_DOUBLE_EQ(learning_rate_at(1, options_of(Schedule::kInverseSqrt, 0.5, 0), 64), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate_at(4, options_of(Schedule::kInverseSqrt, 0.5, 0), 64), 0.25);
  EXPECT_DOUBLE_EQ(learning_rate_at(1, options_of(Schedule::kConstant, 0.5, 0), 64), 0.5);
}

}  // namespace
}  // namespace dragoman
