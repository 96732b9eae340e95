#include "core/widen.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>
#include <vector>

namespace dragoman {
namespace {

TEST(Widen, EveryHalfIsSignTimesFractionTimesAPowerOfTwo) {
  std::vector<uint16_t> halves(65536);
  for (size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<uint16_t>(i);
  std::vector<float> widened(halves.size());
  widen(DataType::kFloat16, halves.data(), 0, 65536, widened.data());
  for (size_t i = 0; i < halves.size(); ++i) {
    const int exponent = static_cast<int>(i >> 10 & 31), fraction = static_cast<int>(i & 1023);
    const double sign = i < 32768 ? 1 : -1;
    if (exponent == 31 && fraction > 0) {
      EXPECT_TRUE(std::isnan(widened[i])) << i;
      continue;
    }
    const double size = exponent == 31  ? INFINITY
                        : exponent == 0 ? std::ldexp(fraction, -24)
                                        : std::ldexp(1024 + fraction, exponent - 25);
    ASSERT_EQ(double{widened[i]}, sign * size) << i;
    ASSERT_EQ(std::signbit(widened[i]), i >= 32768) << i;
  }
}

TEST(Widen, ReadsFromAnyPlaceAndEveryFloatingType) {
  const std::vector<double> doubles = {1, 0.1, -3};
  const std::vector<float> floats = {1, 0.1f, -3};
  const std::vector<uint16_t> bfloats = {0x3F80, 0x3DCD, 0xC040};  // 1, 0.10009765625, -3
  std::vector<float> to(2);
  widen(DataType::kFloat64, doubles.data(), 1, 2, to.data());
  EXPECT_EQ(to, (std::vector<float>{0.1f, -3}));
  widen(DataType::kFloat32, floats.data(), 1, 2, to.data());
  EXPECT_EQ(to, (std::vector<float>{0.1f, -3}));
  widen(DataType::kBFloat16, bfloats.data(), 1, 2, to.data());
  EXPECT_EQ(to, (std::vector<float>{0.10009765625f, -3}));
  EXPECT_THROW(widen(DataType::kInt32, floats.data(), 0, 1, to.data()), std::logic_error);
}

}  // namespace
}  // namespace dragoman
