// uses: torch
#include "training/projected_loss.h"

#include <gtest/gtest.h>

#include <torch/csrc/autograd/autograd.h>

#include "tests/model/small_model.h"

namespace dragoman {
namespace {

struct Projected {
  torch::Tensor hidden, weight, labels;
  OutputProjection projection{nullptr};

  // So many tokens that there are several chunks.
  explicit Projected(int64_t vocabulary, bool with_padding = true, bool biased = false) {
    torch::manual_seed(1);
    hidden = torch::randn({3, 50, 8}).requires_grad_();
    weight = torch::randn({vocabulary, 8}).requires_grad_();
    labels = torch::randint(0, vocabulary - 1, {3, 50}, torch::kInt64);
    if (with_padding) labels[1].narrow(0, 30, 20).fill_(vocabulary - 1);
    projection = OutputProjection(8, vocabulary, weight);
    const torch::NoGradGuard no_grad;
    if (biased) projection->bias().copy_(torch::randn({1, vocabulary}));
  }
};

// Sums and gradients.
void expect_same(const Projected& p, const LossSums& got, const LossSums& plain) {
  const double expected = plain.smoothed.item<double>();
  EXPECT_NEAR(got.smoothed.item<double>(), expected, 1e-5 * expected);
  EXPECT_NEAR(got.cross_entropy.item<double>(), plain.cross_entropy.item<double>(), 1e-5 * expected);
  const auto ours = torch::autograd::grad({got.smoothed * 0.5}, {p.hidden, p.weight});
  const auto theirs = torch::autograd::grad({plain.smoothed * 0.5}, {p.hidden, p.weight});
  EXPECT_TRUE(close(ours[0], theirs[0], 2e-5));
  EXPECT_TRUE(close(ours[1], theirs[1], 2e-5));
}

TEST(ProjectedLoss, IsTheLossOfTheLogitsAndHasItsGradients) {
  for (const int64_t vocabulary : {11, 9000, 40'000}) {
    for (const bool with_padding : {false, true}) {
      Projected p(vocabulary, with_padding, with_padding);
      const auto got = projected_loss(p.hidden, p.projection, p.labels, {vocabulary - 1, 0.1});
      const auto plain = label_smoothed_cross_entropy(p.projection(p.hidden), p.labels, vocabulary - 1, 0.1);
      expect_same(p, got, plain);
    }
  }
}

TEST(ProjectedLoss, WithoutAGradientIsTheSame) {
  Projected p(100);
  const auto with = projected_loss(p.hidden, p.projection, p.labels, {99, 0.1});
  const torch::NoGradGuard no_grad;
  const auto without = projected_loss(p.hidden, p.projection, p.labels, {99, 0.1});
  EXPECT_EQ(with.smoothed.item<double>(), without.smoothed.item<double>());
  EXPECT_FALSE(without.smoothed.requires_grad());
}

TEST(ProjectedLoss, OfPaddingAloneIsZeroWithZeroGradients) {
  Projected p(20);
  p.labels.fill_(19);
  const auto sums = projected_loss(p.hidden, p.projection, p.labels, {19, 0.1});
  EXPECT_EQ(sums.smoothed.item<double>(), 0);
  for (const auto& gradient : torch::autograd::grad({sums.smoothed}, {p.hidden, p.weight}))
    EXPECT_TRUE(close(gradient, torch::zeros_like(gradient), 0));
}

TEST(ProjectedLoss, InHalfPrecisionTakesThePlainRoad) {
  Projected p(20);
  const auto hidden = p.hidden.detach().to(torch::kBFloat16);
  OutputProjection half(8, 20, p.weight.detach().to(torch::kBFloat16));
  half->to(torch::kBFloat16);
  const auto got = projected_loss(hidden, half, p.labels, {19, 0.1});
  EXPECT_NEAR(got.smoothed.item<double>(),
              projected_loss(p.hidden, p.projection, p.labels, {19, 0.1}).smoothed.item<double>(), 5);
}

}  // namespace
}  // namespace dragoman
