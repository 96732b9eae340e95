// Compares every variant of the kernels for packed weights with plain loops in double.
#include "kernels/packed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "core/random.h"
#include "kernels/kernels.h"
#include "tests/kernels/floats.h"

namespace dragoman {
namespace {

size_t at(int64_t index) {
  return static_cast<size_t>(index);
}

class EachPackedKernel : public ::testing::TestWithParam<const Kernels*> {
 protected:
  const PackedKernels& k = *GetParam()->packed;
  int64_t stride_of(int64_t channels) const { return (channels + k.panel - 1) / k.panel * k.panel; }
};

// A matrix [channels,depth] and its panels.
struct Packed {
  int64_t channels, depth;
  Floats weights, panels, bias;

  Packed(int64_t channel_count, int64_t depth_count, int64_t panel)
      : channels(channel_count), depth(depth_count), weights(random_floats(channels * depth, 1)) {
    const int64_t padded = (channels + panel - 1) / panel * panel;
    panels.resize(at(padded * depth));
    bias = random_floats(padded, 2);
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t d = 0; d < depth; ++d)
        panels[at((c / panel * depth + d) * panel + c % panel)] = weights[at(c * depth + d)];
    }
  }
  double plain(const Floats& x, int64_t row, int64_t channel) const {
    double sum = double{bias[at(channel)]};
    for (int64_t d = 0; d < depth; ++d)
      sum += double{x[at(row * depth + d)]} * double{weights[at(channel * depth + d)]};
    return sum;
  }
};

double plain_activation(Activation activation, double x) {
  if (activation == Activation::kRelu) return std::max(x, 0.0);
  if (activation == Activation::kSilu) return x / (1 + std::exp(-x));
  if (activation == Activation::kGelu) return x * 0.5 * (1 + std::erf(x / std::sqrt(2.0)));
  return x;
}

TEST_P(EachPackedKernel, ProductsEqualPlainSums) {
  const Packed packed(75, 37, k.panel);
  const int64_t stride = stride_of(packed.channels);
  const Floats x = random_floats(30 * packed.depth, 3);
  for (const int64_t rows : {1, 2, 3, 4, 5, 6, 7, 13, 30}) {
    for (const Activation activation :
         {Activation::kNone, Activation::kRelu, Activation::kSilu, Activation::kGelu}) {
      Floats out(at(rows * stride));
      k.multiply({x.data(),
                  packed.depth,
                  rows,
                  packed.depth,
                  packed.panels.data(),
                  {0, stride / k.panel, packed.bias.data(), activation, out.data(), stride}});
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t c = 0; c < packed.channels; ++c)
          ASSERT_NEAR(out[at(r * stride + c)], plain_activation(activation, packed.plain(x, r, c)), 2e-5)
              << rows << " rows, (" << r << "," << c << ")";
      }
    }
  }
}

TEST_P(EachPackedKernel, ARowsProductIsBitForBitTheSameAmongOtherRowsAndForSharesOfPanels) {
  const Packed packed(140, 700, k.panel);
  const int64_t stride = stride_of(packed.channels), panels = stride / k.panel, rows = 131;
  const Floats x = random_floats(rows * packed.depth, 4);
  Floats together(at(rows * stride)), shared(together.size()), alone(at(stride));
  const auto multiply = [&](int64_t row, int64_t count, int64_t first, int64_t last, float* out) {
    k.multiply({x.data() + row * packed.depth,
                packed.depth,
                count,
                packed.depth,
                packed.panels.data(),
                {first, last, packed.bias.data(), Activation::kNone, out, stride}});
  };
  multiply(0, rows, 0, panels, together.data());
  for (int64_t panel = 0; panel < panels; ++panel) multiply(0, rows, panel, panel + 1, shared.data());
  EXPECT_EQ(together, shared);
  for (int64_t r = 0; r < rows; ++r) {
    multiply(r, 1, 0, panels, alone.data());
    ASSERT_TRUE(std::equal(alone.begin(), alone.end(), together.begin() + r * stride)) << "row " << r;
  }
}

// Converts activations to the format of the kernels and back.
std::vector<char> in_form(const Int8Format& form, const std::vector<int32_t>& numbers) {
  std::vector<char> bytes;
  for (const int32_t number : numbers) {
    const auto stored = static_cast<uint32_t>(number + form.zero_point);
    for (int64_t i = 0; i < form.bytes; ++i) bytes.push_back(static_cast<char>(stored >> 8 * i));
  }
  return bytes;
}
int32_t number_at(const Int8Format& form, const std::vector<char>& bytes, int64_t index) {
  if (form.bytes == 1) return static_cast<int32_t>(static_cast<uint8_t>(bytes[at(index)]) - form.zero_point);
  int16_t number;
  std::memcpy(&number, bytes.data() + 2 * index, 2);
  return number;
}

// Fails if a multiplication and an addition become one instruction only in some tiles.
TEST_P(EachPackedKernel, ARowsIntegerProductIsBitForBitTheSameAmongOtherRows) {
  const int64_t depth = 64, stride = stride_of(150), panels = stride / k.panel, rows = 40;
  SplitMix64 random(7);
  const auto limit = static_cast<uint64_t>(k.int8.limit);
  std::vector<int32_t> numbers(at(rows * depth)), offsets(at(stride), 3);
  std::vector<int8_t> weights(at(stride * depth));
  for (auto& number : numbers)
    number = static_cast<int32_t>(random.below(2 * limit)) - static_cast<int32_t>(limit);
  for (auto& number : weights) number = static_cast<int8_t>(random.below(255));
  const auto x = in_form(k.int8, numbers);
  const Floats scales = random_floats(stride, 1), bias = random_floats(stride, 2),
               x_scales = random_floats(rows, 3);
  const auto multiply = [&](int64_t row, int64_t count) {
    Floats out(at(count * stride));
    k.multiply_int8({x.data() + row * depth * k.int8.bytes,
                     x_scales.data() + row,
                     depth,
                     count,
                     depth,
                     weights.data(),
                     offsets.data(),
                     scales.data(),
                     {0, panels, bias.data(), Activation::kNone, out.data(), stride}});
    return out;
  };
  for (int64_t count = 1; count <= 13; ++count) {
    const Floats together = multiply(0, count);
    for (int64_t r = 0; r < count; ++r) {
      const Floats alone = multiply(r, 1);
      ASSERT_TRUE(std::equal(alone.begin(), alone.end(), together.begin() + r * stride))
          << "row " << r << " of " << count;
    }
  }
}

TEST_P(EachPackedKernel, BFloat16WeightsAreTheUpperHalvesOfFloats) {
  Packed packed(40, 21, k.panel);
  std::vector<uint16_t> halves;
  for (const float x : packed.panels)
    halves.push_back(static_cast<uint16_t>(std::bit_cast<uint32_t>(x) >> 16));
  for (float& x : packed.weights) x = std::bit_cast<float>(std::bit_cast<uint32_t>(x) & 0xFFFF0000u);
  const int64_t stride = stride_of(packed.channels), rows = 5;
  const Floats x = random_floats(rows * packed.depth, 3);
  Floats out(at(rows * stride));
  k.multiply_bfloat16({x.data(),
                       packed.depth,
                       rows,
                       packed.depth,
                       halves.data(),
                       {0, stride / k.panel, packed.bias.data(), Activation::kNone, out.data(), stride}});
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < packed.channels; ++c)
      ASSERT_NEAR(out[at(r * stride + c)], packed.plain(x, r, c), 2e-5);
  }
}

// The largest possible values: with 16 bits the sums come near 2^31, where saturation or wrap-around would
// show.
TEST_P(EachPackedKernel, IntegersAreSummedExactlyUpToTheLargest) {
  const int64_t channels = 50, depth = 512, stride = stride_of(channels),
                limit = static_cast<int64_t>(k.int8.limit), group = k.int8.group;
  SplitMix64 random(9);
  for (const int64_t rows : {1, 2, 3, 6, 13}) {
    std::vector<int32_t> x(at(rows * depth)), offsets(at(stride));
    for (auto& number : x)
      number = static_cast<int32_t>(
          random.below(4) == 0
              ? static_cast<int64_t>(random.below(static_cast<uint64_t>(2 * limit + 1))) - limit
              : limit);
    std::vector<int8_t> weights(at(channels * depth)), panels(at(stride * depth));
    for (auto& number : weights)
      number = static_cast<int8_t>(random.below(4) == 0 ? static_cast<int>(random.below(255)) - 127 : -127);
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t d = 0; d < depth; ++d)
        panels[at((c / k.panel * depth + d / group * group) * k.panel + c % k.panel * group + d % group)] =
            weights[at(c * depth + d)];
      const int8_t* row = weights.data() + c * depth;
      offsets[at(c)] = static_cast<int32_t>(-k.int8.zero_point) * std::accumulate(row, row + depth, 0);
    }
    const auto stored = in_form(k.int8, x);
    const Floats scales(at(stride), 0.5f), x_scales(at(rows), 0.25f), bias(at(stride), 0.0f);
    Floats out(at(rows * stride));
    k.multiply_int8({stored.data(),
                     x_scales.data(),
                     depth,
                     rows,
                     depth,
                     panels.data(),
                     offsets.data(),
                     scales.data(),
                     {0, stride / k.panel, bias.data(), Activation::kNone, out.data(), stride}});
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < channels; ++c) {
        int64_t sum = 0;
        for (int64_t d = 0; d < depth; ++d) sum += int64_t{x[at(r * depth + d)]} * weights[at(c * depth + d)];
        ASSERT_LT(std::abs(sum), int64_t{1} << 31);
        ASSERT_EQ(out[at(r * stride + c)], static_cast<float>(sum) * 0.125f) << rows << " rows";
      }
    }
  }
}

TEST_P(EachPackedKernel, QuantisedRowsAreWithinHalfAStep) {
  const int64_t rows = 3, depth = 37, stride = 40;
  Floats x = random_floats(rows * depth, 6);
  std::fill(x.begin() + depth, x.begin() + 2 * depth, 0.0f);  // a row of zeros
  std::vector<char> whole(at(rows * stride * k.int8.bytes), 77);
  Floats scales(at(rows));
  const int limit = k.int8.limit < 1000 ? 127 : 1000;
  k.quantise({.x = x.data(),
              .x_stride = depth,
              .rows = rows,
              .depth = depth,
              .to = whole.data(),
              .to_stride = stride,
              .limit = static_cast<float>(limit),
              .scales = scales.data()});
  const auto number = [&](int64_t r, int64_t d) { return number_at(k.int8, whole, r * stride + d); };
  for (int64_t r = 0; r < rows; ++r) {
    int most = 0;
    for (int64_t d = 0; d < depth; ++d) {
      const float back = static_cast<float>(number(r, d)) * scales[at(r)];
      EXPECT_NEAR(back, x[at(r * depth + d)], scales[at(r)] * 0.5001f);
      most = std::max(most, std::abs(number(r, d)));
    }
    EXPECT_EQ(most, r == 1 ? 0 : limit);
    EXPECT_EQ(number(r, depth), 0);
  }
}

TEST_P(EachPackedKernel, NormIsTheFormulaWithAndWithoutASum) {
  const int64_t rows = 3, size = 37, stride = 40;
  const Floats x = random_floats(rows * stride, 1), y = random_floats(rows * stride, 2),
               gain = random_floats(size, 3), bias = random_floats(size, 4);
  for (const bool with_y : {false, true}) {
    Floats sum = x, out(x.size());
    k.norm(
        {sum.data(), with_y ? y.data() : nullptr, gain.data(), bias.data(), rows, size, stride, out.data()});
    for (int64_t r = 0; r < rows; ++r) {
      double mean = 0, square = 0;
      for (int64_t i = r * stride; i < r * stride + size; ++i) {
        EXPECT_FLOAT_EQ(sum[at(i)], x[at(i)] + (with_y ? y[at(i)] : 0));
        mean += double{sum[at(i)]} / size;
      }
      for (int64_t i = r * stride; i < r * stride + size; ++i)
        square += std::pow(double{sum[at(i)]} - mean, 2) / size;
      for (int64_t i = 0; i < size; ++i) {
        const double expected =
            (double{sum[at(r * stride + i)]} - mean) / std::sqrt(square + 1e-5) * double{gain[at(i)]} +
            double{bias[at(i)]};
        EXPECT_NEAR(out[at(r * stride + i)], expected, 3e-6);
      }
    }
  }
}

TEST_P(EachPackedKernel, AQueryOverACacheIsTheFormula) {
  for (const auto& [heads, size] : std::vector<std::pair<int64_t, int64_t>>{{2, 64}, {3, 20}, {4, 3}}) {
    for (const int64_t count : {1, 4, 7, 33}) {
      const int64_t width = heads * size;
      const Floats query = random_floats(width, 1), cache = random_floats(count * 2 * width, 2);
      std::vector<const float*> rows;
      for (int64_t s = 0; s < count; ++s) rows.push_back(cache.data() + (count - 1 - s) * 2 * width);
      Floats output(at(width)), scratch(at(count + 16));
      k.attend({query.data(), rows.data(), count, width, heads, size, 0.3f}, output.data(), scratch.data());
      for (int64_t h = 0; h < heads; ++h) {
        std::vector<double> weights;
        double total = 0;
        for (const float* row : rows) {
          double score = 0;
          for (int64_t i = h * size; i < (h + 1) * size; ++i) score += double{query[at(i)]} * double{row[i]};
          weights.push_back(std::exp(score * double{0.3f}));
          total += weights.back();
        }
        for (int64_t i = h * size; i < (h + 1) * size; ++i) {
          double expected = 0;
          for (size_t s = 0; s < rows.size(); ++s)
            expected += weights[s] / total * double{rows[s][width + i]};
          ASSERT_NEAR(output[at(i)], expected, 1e-5) << heads << " heads of " << size << ", " << count;
        }
      }
    }
  }
}

TEST_P(EachPackedKernel, TheBestOfARowAreSortedAndTiesKeepTheirOrder) {
  constexpr float kNone = -std::numeric_limits<float>::infinity();
  for (const int64_t size : {1, 5, 64, 1003}) {
    Floats row = random_floats(size, 11);
    for (size_t i = 3; i < row.size(); i += 7) row[i] = row[3];  // many equals
    for (size_t i = 4; i < row.size(); i += 5) row[i] = kNone;
    std::vector<int32_t> order(row.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](int32_t a, int32_t b) { return row[at(a)] > row[at(b)]; });
    double sum = 0;
    for (const float x : row) sum += std::exp(double{x});
    for (const int64_t count : {int64_t{1}, std::min<int64_t>(size, 10), size}) {
      Floats values(at(count));
      std::vector<int32_t> places(at(count));
      const float log_sum = k.best_of_row(row.data(), size, count, true, values.data(), places.data());
      EXPECT_NEAR(log_sum, std::log(sum), 1e-5);
      for (int64_t i = 0; i < count; ++i) {
        ASSERT_EQ(values[at(i)], row[at(order[at(i)])]);
        ASSERT_EQ(places[at(i)], values[at(i)] == kNone ? -1 : order[at(i)]);
      }
    }
  }
}

std::vector<const Kernels*> packed_forms() {
  auto all = available_kernels();
  all.push_back(&wide::kernels);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Kernels, EachPackedKernel, ::testing::ValuesIn(packed_forms()),
                         [](const auto& of) { return std::string(of.param->name); });

}  // namespace
}  // namespace dragoman
