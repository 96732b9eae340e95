#include "folder/position_table.h"

#include <gtest/gtest.h>

#include <cmath>

namespace dragoman {
namespace {

TEST(PositionTable, NumbersAreThoseOfTheTwoFormulas) {
  const auto paper = position_numbers(7, 2, 6), marian = position_numbers(7, 2, 6, PositionScale::kMarian);
  for (int row = 0; row < 2; ++row) {
    for (int i = 0; i < 3; ++i) {
      const double position = 7 + row;
      const size_t sine = static_cast<size_t>(6 * row + i);
      EXPECT_NEAR(paper[sine], std::sin(position / std::pow(10000.0, i / 3.0)), 1e-7);
      EXPECT_NEAR(paper[sine + 3], std::cos(position / std::pow(10000.0, i / 3.0)), 1e-7);
      // exp(i * -log(10000) / (D/2 - 1)), as Marian has it
      EXPECT_NEAR(marian[sine], std::sin(position * std::exp(i * -std::log(10000.0) / 2)), 1e-7);
      EXPECT_NEAR(marian[sine + 3], std::cos(position * std::exp(i * -std::log(10000.0) / 2)), 1e-7);
    }
  }
}

TEST(PositionTable, AScaleIsKnownByItsNumbersAndNothingElseIs) {
  for (const PositionScale scale : {PositionScale::kPaper, PositionScale::kMarian}) {
    auto numbers = position_numbers(0, 20, 8, scale);
    EXPECT_EQ(scale_of_positions(numbers.data(), 20, 8, 1e-6F), scale);
    numbers[30] += 0.002F;
    EXPECT_EQ(scale_of_positions(numbers.data(), 20, 8, 1e-6F), std::nullopt);
    EXPECT_EQ(scale_of_positions(numbers.data(), 20, 8, 4e-3F), scale);
    numbers[30] = NAN;
    EXPECT_EQ(scale_of_positions(numbers.data(), 20, 8, 4e-3F), std::nullopt);
  }
}

}  // namespace
}  // namespace dragoman
