#include "folder/position_table.h"

#include <algorithm>
#include <cmath>

namespace dragoman {

std::vector<float> position_numbers(int64_t begin, int64_t count, int64_t d_model, PositionScale scale) {
  const int64_t half = d_model / 2;
  // With two columns Marian divides zero by zero; there is one angle, pos itself.
  const double steps = scale == PositionScale::kMarian && half > 1 ? half - 1 : half;
  std::vector<double> divisors;
  for (int64_t i = 0; i < half; ++i) divisors.push_back(std::pow(10000.0, i / steps));
  std::vector<float> numbers(count * d_model);
  for (int64_t row = 0; row < count; ++row) {
    float* sines = numbers.data() + row * d_model;
    for (int64_t i = 0; i < half; ++i) {
      const double angle = (begin + row) / divisors[i];
      sines[i] = std::sin(angle);
      sines[half + i] = std::cos(angle);
    }
  }
  return numbers;
}

std::optional<PositionScale> scale_of_positions(const float* numbers, int64_t count, int64_t d_model,
                                                float tolerance) {
  for (const PositionScale scale : {PositionScale::kPaper, PositionScale::kMarian}) {
    const auto expected = position_numbers(0, count, d_model, scale);
    bool near = true;
    for (size_t i = 0; near && i < expected.size(); ++i)
      near = std::abs(numbers[i] - expected[i]) <= tolerance;
    if (near) return scale;
  }
  return std::nullopt;
}

std::vector<float> PositionTable::rows(int64_t begin, int64_t count, int64_t d_model) const {
  const int64_t known = std::ssize(given) / d_model;
  const int64_t taken = std::clamp<int64_t>(known - begin, 0, count);
  auto numbers = position_numbers(begin + taken, count - taken, d_model, scale);
  numbers.insert(numbers.begin(), given.begin() + (taken > 0 ? begin * d_model : 0),
                 given.begin() + (taken > 0 ? (begin + taken) * d_model : 0));
  return numbers;
}

}  // namespace dragoman
