// uses: torch
#include "fused/dropout.h"

#include <gtest/gtest.h>

namespace dragoman {
namespace {

TEST(Dropout, DropsTheShareAndScalesTheRest) {
  torch::manual_seed(1);
  const auto y = apply_dropout(torch::ones({1000, 100}), 0.3, true);
  const double dropped = y.eq(0).to(torch::kFloat64).mean().item<double>();
  EXPECT_NEAR(dropped, 0.3, 0.01);  // 100,000 samples: a standard deviation is 0.0015
  EXPECT_TRUE(torch::allclose(y.masked_select(y.ne(0)), torch::full({1}, 1 / 0.7)));
  // No column and no row is preferred.
  EXPECT_LT((y.eq(0).to(torch::kFloat64).mean(0) - 0.3).abs().max().item<double>(), 0.08);
  EXPECT_LT((y.eq(0).to(torch::kFloat64).mean(1) - 0.3).abs().max().item<double>(), 0.2);
}

TEST(Dropout, AdjacentElementsAreDroppedIndependently) {
  torch::manual_seed(2);
  const auto fallen = apply_dropout(torch::ones({200'000}), 0.5, true).eq(0);
  for (const int64_t distance : {1, 2, 8, 128}) {
    const auto both = fallen.narrow(0, 0, 190'000).logical_and(fallen.narrow(0, distance, 190'000));
    EXPECT_NEAR(both.to(torch::kFloat64).mean().item<double>(), 0.25, 0.006) << distance;
  }
}

TEST(Dropout, GradientIsDroppedWhereTheElementIs) {
  torch::manual_seed(3);
  const auto x = torch::randn({40, 30}).requires_grad_();
  const auto y = apply_dropout(x, 0.25, true);
  y.sum().backward();
  const auto mask = y.detach().ne(0);  // the plain form: x * mask / (1-p)
  EXPECT_TRUE(torch::allclose(y, x * mask / 0.75));
  EXPECT_TRUE(torch::allclose(x.grad(), mask.to(torch::kFloat32) / 0.75));
}

TEST(Dropout, DependsOnTheSeedAndTheCallNotOnThreads) {
  const auto x = torch::ones({500, 500});
  const auto draw = [&](int threads) {
    at::set_num_threads(threads);
    torch::manual_seed(7);
    return std::pair(apply_dropout(x, 0.5, true), apply_dropout(x, 0.5, true));
  };
  const auto [first, second] = draw(1);
  const auto [again_first, again_second] = draw(2);
  EXPECT_TRUE(torch::equal(first, again_first));
  EXPECT_TRUE(torch::equal(second, again_second));
  EXPECT_FALSE(torch::equal(first, second));
}

TEST(Dropout, DoesNothingOutsideTrainingOrAtZero) {
  const auto x = torch::randn({3, 3});
  EXPECT_TRUE(torch::equal(apply_dropout(x, 0.5, false), x));
  EXPECT_TRUE(torch::equal(apply_dropout(x, 0.0, true), x));
}

TEST(Dropout, AcceptsTensorsThatAreNotContiguousOrNotFloat32) {
  torch::manual_seed(4);
  const auto x = torch::ones({64, 32}).t();
  EXPECT_EQ(apply_dropout(x, 0.5, true).sizes(), x.sizes());
  EXPECT_EQ(apply_dropout(x.to(torch::kBFloat16), 0.5, true).scalar_type(), torch::kBFloat16);
}

}  // namespace
}  // namespace dragoman
