// uses: torch
#include "fused/recompute.h"

#include <gtest/gtest.h>

#include <torch/csrc/autograd/autograd.h>

#include "fused/dropout.h"
#include "fused/linear.h"

namespace dragoman {
namespace {

TEST(Recompute, DropsTheSameElementsTheSecondTime) {
  torch::manual_seed(1);
  const auto x = torch::randn({50, 20}).requires_grad_(), w = torch::randn({20}).requires_grad_();
  int calls = 0;
  const LayerFunction layer = [&](const std::vector<torch::Tensor>& t) {
    ++calls;
    return apply_dropout(t[0] * w, 0.4, true);
  };
  const auto y = recomputed(layer, {x}, {w});
  EXPECT_EQ(calls, 1);
  const auto between = apply_dropout(torch::ones({5}), 0.5, true);  // other dropouts do not matter
  const auto gradients = torch::autograd::grad({y.sum()}, {x, w});
  EXPECT_EQ(calls, 2);
  const auto kept = y.detach().ne(0).to(torch::kFloat32) / 0.6;
  EXPECT_TRUE(torch::allclose(gradients[0], kept * w));
  EXPECT_TRUE(torch::allclose(gradients[1], (kept * x).sum(0)));
}

TEST(Recompute, OfTwoLayersUsesTwoSeeds) {
  torch::manual_seed(2);
  const LayerFunction layer = [](const std::vector<torch::Tensor>& t) {
    return apply_dropout(t[0], 0.5, true);
  };
  const auto x = torch::ones({1000}).requires_grad_();
  EXPECT_FALSE(torch::equal(recomputed(layer, {x}, {}), recomputed(layer, {x}, {})));
}

TEST(Recompute, MultipliesInFloat16TheSecondTimeToo) {
  if (!can_multiply_in(torch::kFloat16)) GTEST_SKIP() << "this processor does not multiply in float16";
  torch::manual_seed(3);
  const auto x = torch::randn({64, 20}).requires_grad_(), w = torch::randn({30, 20}).requires_grad_();
  const auto bias = torch::zeros({30});
  torch::Tensor last;
  const LayerFunction layer = [&](const std::vector<torch::Tensor>& t) {
    last = linear(t[0], w, bias).detach();
    return linear(t[0], w, bias);
  };
  torch::Tensor y;
  {
    const ProductsGuard products(torch::kFloat16);
    y = recomputed(layer, {x}, {w});
  }
  const auto first = last;
  torch::autograd::grad({y.sum()}, {x, w});
  EXPECT_TRUE(torch::equal(last, first));
  EXPECT_FALSE(torch::equal(last, torch::linear(x, w, bias)));
}

TEST(Recompute, WithoutAGradientIsTheLayer) {
  const torch::NoGradGuard no_grad;
  const auto x = torch::randn({4});
  const LayerFunction layer = [](const std::vector<torch::Tensor>& t) { return t[0] * 2; };
  EXPECT_TRUE(torch::equal(recomputed(layer, {x}, {}), x * 2));
}

}  // namespace
}  // namespace dragoman
