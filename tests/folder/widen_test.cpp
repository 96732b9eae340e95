#include "folder/widen.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
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

TEST(Widen, FindsWhatIsNotFinite) {
  const float infinity = std::numeric_limits<float>::infinity(),
              nan = std::numeric_limits<float>::quiet_NaN();
  for (const float bad : {infinity, -infinity, nan}) {
    for (size_t at = 0; at < 5; ++at) {
      std::vector<float> numbers = {0, -1, std::numeric_limits<float>::max(), 1e-40f, 3};
      EXPECT_TRUE(all_finite(DataType::kFloat32, numbers.data(), 5));
      numbers[at] = bad;
      EXPECT_FALSE(all_finite(DataType::kFloat32, numbers.data(), 5));
      EXPECT_EQ(all_finite(DataType::kFloat32, numbers.data(), static_cast<int64_t>(at)), true);
    }
  }
  const uint16_t halves[] = {0x3C00, 0x7BFF, 0xFC00}, bfloats[] = {0x3F80, 0xFF7F, 0x7F81};
  const double doubles[] = {1e300, -static_cast<double>(infinity)};
  EXPECT_TRUE(all_finite(DataType::kFloat16, halves, 2));
  EXPECT_FALSE(all_finite(DataType::kFloat16, halves, 3));
  EXPECT_TRUE(all_finite(DataType::kBFloat16, bfloats, 2));
  EXPECT_FALSE(all_finite(DataType::kBFloat16, bfloats, 3));
  EXPECT_TRUE(all_finite(DataType::kFloat64, doubles, 1));
  EXPECT_FALSE(all_finite(DataType::kFloat64, doubles, 2));
  EXPECT_THROW(all_finite(DataType::kInt32, halves, 1), std::logic_error);
}

}  // namespace
}  // namespace dragoman
