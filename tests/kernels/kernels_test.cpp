// Compares every variant of the kernels with plain loops in double. tests/fused/fused_test.cpp compares the
// blocks that use them with autograd.
#include "kernels/kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>

#include "tests/kernels/floats.h"

namespace dragoman {
namespace {

void expect_near(const Floats& got, const Floats& expected, float tolerance) {
  ASSERT_EQ(got.size(), expected.size());
  for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected[i], tolerance) << "number " << i;
}

class EachKernel : public ::testing::TestWithParam<const Kernels*> {
 protected:
  const Kernels& k = *GetParam();
};

TEST_P(EachKernel, DropoutEqualsThePortableForm) {
  const auto draw = DropoutDraw::with(0.3, 12345);
  const Floats x = random_floats(1003, 1);
  Floats got(x.size()), expected(x.size());
  k.dropout(x.data(), got.data(), 77, 1003, draw);
  available_kernels().back()->dropout(x.data(), expected.data(), 77, 1003, draw);
  EXPECT_EQ(got, expected);
}

constexpr int kOrders = 12;

// A product in one of the forms that training needs: operands transposed or not; the result written, added or
// added to a bias; the rows of c longer than its columns.
struct OneProduct {
  Floats a, b, c, bias;
  Product p;

  OneProduct(const OneProduct&) = delete;  // p points into the others
  OneProduct& operator=(const OneProduct&) = delete;
  OneProduct(const std::array<int64_t, 3>& sizes, int order,
             const std::function<Floats(int64_t, int)>& numbers)
      : a(numbers(sizes[0] * sizes[1], 1)), b(numbers(sizes[1] * sizes[2], 2)) {
    const auto [rows, depth, columns] = sizes;
    const bool a_transposed = order % 2 != 0, b_transposed = order / 2 % 2 != 0, add = order / 4 == 1;
    c = numbers(rows * (columns + 3), 3);
    if (order / 4 == 2) bias = numbers(columns, 4);
    p = {rows,
         depth,
         columns,
         a.data(),
         a_transposed ? 1 : depth,
         a_transposed ? rows : 1,
         b.data(),
         b_transposed ? 1 : columns,
         b_transposed ? depth : 1,
         nullptr,
         columns + 3,
         add,
         bias.empty() ? nullptr : bias.data()};
  }

  Floats by(void (*product)(const Product&, float*)) const {
    Floats got = c, scratch(kProductScratch);
    Product one = p;
    one.c = got.data();
    product(one, scratch.data());
    return got;
  }

  // size_of(x): x for the product itself, |x| for its rounding error.
  Floats expected(double (*size_of)(double) = [](double x) { return x; }) const {
    Floats result = c;
    for (int64_t i = 0; i < p.rows; ++i) {
      for (int64_t j = 0; j < p.columns; ++j) {
        float& number = result[static_cast<size_t>(i * p.c_stride + j)];
        double sum = p.add ? size_of(double{number}) : p.bias ? size_of(double{p.bias[j]}) : 0;
        for (int64_t k = 0; k < p.depth; ++k)
          sum +=
              size_of(double{p.a[i * p.a_row + k * p.a_step]} * double{p.b[k * p.b_step + j * p.b_column]});
        number = static_cast<float>(sum);
      }
    }
    return result;
  }
};

// Sizes around those of tiles, blocks and slices.
const std::vector<std::array<int64_t, 3>> kProductSizes = {{1, 1, 1},     {6, 3, 16},     {7, 5, 17},
                                                           {13, 300, 33}, {100, 257, 70}, {97, 2, 600},
                                                           {5, 31, 2100}, {200, 600, 5},  {30, 2100, 40}};

TEST_P(EachKernel, ProductIsTheSumOverDepth) {
  for (const auto& sizes : kProductSizes) {
    for (int order = 0; order < kOrders; ++order) {
      const OneProduct one(sizes, order, [](int64_t n, int seed) { return random_floats(n, seed); });
      expect_near(one.by(k.product), one.expected(), 1e-4f * static_cast<float>(1 + sizes[1] / 50));
    }
  }
}

// Products of 16-bit elements.
struct ShortProduct {
  const char* name;
  void (*Kernels::*by)(const Product&, float*);
  double error;  // of a sum, measured by that of the sizes of what is added up
};

class EachShortProduct : public ::testing::TestWithParam<ShortProduct> {
 protected:
  void (*product_)(const Product&, float*) = available_kernels().front()->*GetParam().by;

  void SetUp() override {
    if (!product_) GTEST_SKIP() << "this processor does not multiply in " << GetParam().name;
  }
};

// float16: each element and each sum of a chunk have 11 bits. bfloat16: each element has 8 bits, so the error
// is twice 2^-9.
INSTANTIATE_TEST_SUITE_P(Kernels, EachShortProduct,
                         ::testing::Values(ShortProduct{"float16", &Kernels::half_product, 2e-3},
                                           ShortProduct{"bfloat16", &Kernels::bfloat16_product, 7.9e-3}),
                         [](const auto& one) { return std::string(one.param.name); });

// Small integers, whose products and sums have at most 11 bits: nothing is rounded.
TEST_P(EachShortProduct, OfIntegersIsExact) {
  const auto whole = [](int64_t n, int seed) {
    Floats numbers = random_floats(n, seed);
    for (float& x : numbers) x = std::round(std::clamp(x, -4.0f, 4.0f));
    return numbers;
  };
  for (const auto& sizes : kProductSizes) {
    for (int order = 0; order < kOrders; ++order) {
      const OneProduct one(sizes, order, whole);
      ASSERT_EQ(one.by(product_), one.expected())
          << sizes[0] << " " << sizes[1] << " " << sizes[2] << " " << order;
    }
  }
}

TEST_P(EachShortProduct, IsNearTheSumOverDepthInAnySize) {
  for (const double size : {1.0, 1e-12, 1e+9}) {
    for (const auto& sizes : kProductSizes) {
      const OneProduct one(sizes, 0, [&](int64_t n, int seed) {
        Floats numbers = random_floats(n, seed);
        for (float& x : numbers) x = static_cast<float>(x * (seed == 1 ? size : seed == 3 ? 0 : 1));
        return numbers;
      });
      const Floats got = one.by(product_), expected = one.expected(),
                   sizes_added = one.expected([](double x) { return std::abs(x); });
      for (size_t i = 0; i < got.size(); ++i)
        ASSERT_NEAR(got[i], expected[i], GetParam().error * double{sizes_added[i]}) << i;
    }
  }
}

// The scale of the previous block or slice does not fit the next one.
TEST_P(EachShortProduct, FollowsElementsThatChangeTheirMagnitude) {
  const int64_t rows = 300, depth = 600, columns = 300;
  OneProduct one({rows, depth, columns}, 0, [](int64_t n, int seed) { return random_floats(n, seed); });
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t step = 0; step < depth; ++step) {
      const float of_row = i < 96    ? 1
                           : i < 192 ? 1e+6f
                                     : 1e-6f,
                  of_step = step < 200   ? 1
                            : step < 400 ? 1e-5f
                                         : 1e+3f;
      one.a[static_cast<size_t>(i * depth + step)] *= of_row * of_step;
      if (i == 0) {
        for (int64_t j = 0; j < columns; ++j) one.b[static_cast<size_t>(step * columns + j)] /= of_step;
      }
    }
  }
  const Floats got = one.by(product_), expected = one.expected(),
               sizes_added = one.expected([](double x) { return std::abs(x); });
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      const auto at = static_cast<size_t>(i * one.p.c_stride + j);
      ASSERT_NEAR(got[at], expected[at], GetParam().error * double{sizes_added[at]}) << i << " " << j;
    }
  }
}

TEST_P(EachShortProduct, KeepsNaNAndInfinity) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    OneProduct one({20, 70, 40}, 0, [](int64_t n, int seed) { return random_floats(n, seed); });
    one.a[3 * 70 + 5] = bad;
    const Floats got = one.by(product_);
    for (size_t j = 0; j < 40; ++j) EXPECT_FALSE(std::isfinite(got[3 * 43 + j])) << j;
  }
}

// In full tiles and in edge tiles. (A row in float16 shares its scale with others.)
TEST(Bfloat16Product, ARowDoesNotDependOnTheOthers) {
  const auto product = available_kernels().front()->bfloat16_product;
  if (!product) GTEST_SKIP() << "this processor does not multiply in bfloat16";
  for (int order = 0; order < kOrders; ++order) {
    const OneProduct whole({101, 600, 45}, order, [](int64_t n, int seed) { return random_floats(n, seed); });
    const Floats all = whole.by(product);
    Floats scratch(kProductScratch);
    for (int64_t i = 0; i < whole.p.rows; ++i) {
      const auto at = i * whole.p.c_stride;
      Floats row(whole.c.begin() + at, whole.c.begin() + at + whole.p.columns);
      Product one = whole.p;
      one.rows = 1, one.a += i * one.a_row, one.c = row.data();
      product(one, scratch.data());
      ASSERT_EQ(row, Floats(all.begin() + at, all.begin() + at + whole.p.columns)) << order << " " << i;
    }
  }
}

TEST_P(EachKernel, ARowOfAProductDoesNotDependOnTheOthers) {
  const int64_t rows = 101, depth = 300, columns = 45;
  const Floats a = random_floats(rows * depth, 1), b = random_floats(depth * columns, 2);
  Floats all(static_cast<size_t>(rows * columns)), one(static_cast<size_t>(columns)),
      scratch(kProductScratch);
  k.product({rows, depth, columns, a.data(), depth, 1, b.data(), columns, 1, all.data(), columns, false},
            scratch.data());
  for (int64_t i = 0; i < rows; ++i) {
    k.product(
        {1, depth, columns, a.data() + i * depth, depth, 1, b.data(), columns, 1, one.data(), columns, false},
        scratch.data());
    ASSERT_EQ(one, Floats(all.begin() + i * columns, all.begin() + (i + 1) * columns)) << i;
  }
}

TEST_P(EachKernel, AddNormIsTheFormula) {
  const int64_t rows = 5, size = 37;
  const Floats x = random_floats(rows * size, 1), y = random_floats(rows * size, 2),
               gain = random_floats(size, 3), bias = random_floats(size, 4);
  Floats sum(x.size()), normalised(x.size()), statistics(2 * rows), expected(x.size());
  k.add_norm({.first_row = 0,
              .rows = rows,
              .size = size,
              .x = x.data(),
              .y = y.data(),
              .gain = gain.data(),
              .bias = bias.data(),
              .dropout = {},
              .sum = sum.data(),
              .normalised = normalised.data(),
              .statistics = statistics.data()});
  for (size_t row = 0; row < static_cast<size_t>(rows); ++row) {
    const size_t at = row * static_cast<size_t>(size);
    double mean = 0, square = 0;
    for (size_t i = at; i < at + static_cast<size_t>(size); ++i) mean += (double{x[i]} + double{y[i]}) / size;
    for (size_t i = at; i < at + static_cast<size_t>(size); ++i)
      square += std::pow(double{x[i]} + double{y[i]} - mean, 2) / size;
    for (size_t i = at; i < at + static_cast<size_t>(size); ++i)
      expected[i] = static_cast<float>((double{x[i]} + double{y[i]} - mean) / std::sqrt(square + 1e-5) *
                                           double{gain[i - at]} +
                                       double{bias[i - at]});
  }
  expect_near(normalised, expected, 2e-6f);
}

// One head of `queries` x `keys`, causal or not, some keys masked.
struct Head {
  int64_t queries, keys, size = 16, stride = 48;
  Floats q, kv;
  std::unique_ptr<bool[]> mask;
  AttentionHead head{};

  Head(int64_t t, int64_t s, const std::string& masked, double dropout = 0)
      : queries(t),
        keys(s),
        q(random_floats(t * stride, 5)),
        kv(random_floats(s * stride, 6)),
        mask(new bool[static_cast<size_t>(t * s)]) {
    for (int64_t i = 0; i < t * s; ++i) {
      const int64_t row = i / s, column = i % s;
      mask[static_cast<size_t>(i)] = masked == "causal"    ? column <= row
                                     : masked == "padding" ? column < s - 3 && column != 1
                                     : masked == "nothing" ? row != 2
                                                           : true;
    }
    head = {t,        s,         size,
            q.data(), kv.data(), kv.data() + 16,
            stride,   stride,    masked.empty() ? nullptr : mask.get(),
            s,        0.25f,     dropout > 0 ? DropoutDraw::with(dropout, 9) : DropoutDraw(),
            1000};
  }

  Floats expected() const {
    Floats output(static_cast<size_t>(queries * size));
    for (int64_t t = 0; t < queries; ++t) {
      std::vector<double> weights;
      double total = 0;
      for (int64_t s = 0; s < keys; ++s) {
        double score = 0;
        for (int64_t i = 0; i < size; ++i)
          score += double{head.query[t * stride + i]} * double{head.key[s * stride + i]};
        const bool visible = !head.mask || head.mask[t * keys + s];
        weights.push_back(visible ? std::exp(score * double{head.scale}) : 0);
        total += weights.back();
      }
      for (int64_t i = 0; i < size; ++i) {
        double sum = 0;
        for (int64_t s = 0; s < keys; ++s)
          sum += weights[static_cast<size_t>(s)] * double{head.value[s * stride + i]};
        output[static_cast<size_t>(t * size + i)] = static_cast<float>(total == 0 ? 0 : sum / total);
      }
    }
    return output;
  }
};

struct HeadResult {
  Floats output, log_sum, query_gradient, kv_gradient;
};

HeadResult run(const Kernels& k, const Head& h) {
  const auto rows = static_cast<size_t>(h.queries), size = static_cast<size_t>(h.size);
  HeadResult r{Floats(rows * size), Floats(rows), Floats(h.q.size()), Floats(h.kv.size())};
  Floats scratch(static_cast<size_t>(attention_scratch(h.keys, h.size)),
                 std::numeric_limits<float>::quiet_NaN());
  const Floats gradient = random_floats(h.queries * h.size, 7);
  k.attention(h.head, {r.output.data(), h.size, r.log_sum.data()}, scratch.data());
  k.attention_backward(h.head,
                       {.output = r.output.data(),
                        .output_gradient = gradient.data(),
                        .stride = h.size,
                        .log_sum = r.log_sum.data(),
                        .query_gradient = r.query_gradient.data(),
                        .key_gradient = r.kv_gradient.data(),
                        .value_gradient = r.kv_gradient.data() + 16},
                       scratch.data());
  return r;
}

TEST_P(EachKernel, AttentionIsTheFormula) {
  for (const char* masked : {"", "causal", "padding", "nothing"}) {
    for (const auto& [queries, keys] : std::vector<std::pair<int64_t, int64_t>>{{1, 5}, {7, 7}, {101, 101}}) {
      SCOPED_TRACE(std::string(masked) + " " + std::to_string(queries));
      const Head head(queries, keys, masked);
      expect_near(run(k, head).output, head.expected(), 3e-6f);
    }
  }
}

TEST_P(EachKernel, AttentionAndItsGradientEqualThePortableForm) {
  for (const double dropout : {0.0, 0.4}) {
    for (const char* masked : {"", "causal", "padding", "nothing"}) {
      SCOPED_TRACE(masked);
      const Head head(50, 50, masked, dropout);
      const HeadResult got = run(k, head), expected = run(*available_kernels().back(), head);
      expect_near(got.output, expected.output, 5e-6f);
      expect_near(got.query_gradient, expected.query_gradient, 1e-5f);
      expect_near(got.kv_gradient, expected.kv_gradient, 1e-5f);
    }
  }
}

TEST_P(EachKernel, CrossEntropyIsTheFormulaAndItsGradient) {
  const int64_t classes = 131;
  for (const float epsilon : {0.0f, 0.1f}) {
    Floats logits = random_floats(classes + 1, 8);
    double total = 0, mean = 0;
    for (size_t i = 0; i < 131; ++i) total += std::exp(double{logits[i]}), mean += double{logits[i]} / 131;
    const double plain = std::log(total) - double{logits[5]};
    const double smoothed = (1 - double{epsilon}) * plain + double{epsilon} * (std::log(total) - mean);
    Floats expected(logits.begin(), logits.end());
    for (size_t i = 0; i < 131; ++i)
      expected[i] = static_cast<float>(3 * (std::exp(double{logits[i]}) / total - double{epsilon} / 131 -
                                            (i == 5 ? 1 - double{epsilon} : 0)));
    Floats untouched = logits;
    const RowLoss only = k.cross_entropy(untouched.data(), classes, 5, epsilon, 0);
    EXPECT_EQ(untouched, logits);
    const RowLoss loss = k.cross_entropy(logits.data(), classes, 5, epsilon, 3);
    EXPECT_NEAR(loss.smoothed, smoothed, 1e-5);
    EXPECT_NEAR(loss.cross_entropy, plain, 1e-5);
    EXPECT_EQ(loss.smoothed, only.smoothed);
    expect_near(logits, expected, 1e-6f);
  }
}

// A loss that is not finite must remain visible: it stops a training run that has diverged.
TEST_P(EachKernel, NotANumberStaysNotANumber) {
  Floats logits = random_floats(65, 8);
  logits[40] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(k.cross_entropy(logits.data(), 64, 5, 0.1f, 1).smoothed));
  Head head(7, 7, "causal");
  head.q[static_cast<size_t>(3 * head.stride)] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(run(k, head).output[3 * 16]));
}

std::vector<const Kernels*> all_forms() {
  auto all = available_kernels();
  all.push_back(&wide::kernels);
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, EachKernel, ::testing::ValuesIn(all_forms()),
                         [](const auto& one) { return std::string(one.param->name); });

}  // namespace
}  // namespace dragoman
