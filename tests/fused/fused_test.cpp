// The fused blocks compared with the formulas, and their gradients with those of autograd.
// uses: torch
#include <gtest/gtest.h>

#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "fused/add_norm.h"
#include "fused/attention.h"
#include "fused/linear.h"
#include "model/add_norm.h"
#include "model/attention.h"
#include "model/masks.h"
#include "tests/model/small_model.h"

namespace dragoman {
namespace {

constexpr int64_t kBatch = 3, kHeads = 2, kSize = 16, kWidth = kHeads * kSize;

torch::Tensor some_mask(const std::string& kind, int64_t queries, int64_t keys) {
  if (kind == "causal") return causal_mask(keys, torch::kCPU);
  if (kind == "none") return {};
  auto mask = torch::ones({kBatch, 1, 1, keys}, torch::kBool);
  mask[0].narrow(-1, keys - 2, 2).fill_(false);
  mask[2].narrow(-1, 1, keys - 1).fill_(false);
  return kind == "both" ? mask.logical_and(causal_mask(queries, torch::kCPU)) : mask;
}

// Equation 1 with the dropout of the next number of LibTorch's generator.
torch::Tensor plain_attention(const torch::Tensor& query, const torch::Tensor& key,
                              const torch::Tensor& value, const torch::Tensor& mask, double p) {
  const auto heads = [](const torch::Tensor& x) {
    return x.reshape({x.size(0), x.size(1), kHeads, kSize}).transpose(1, 2);
  };
  auto scores = torch::matmul(heads(query), heads(key).transpose(-2, -1)) / std::sqrt(double{kSize});
  if (mask.defined()) scores = scores.masked_fill(mask.logical_not(), -INFINITY);
  auto weights = torch::softmax(scores, -1);
  if (p > 0) weights = weights * apply_dropout(torch::ones(weights.sizes()), p, true);
  return torch::matmul(weights, heads(value)).transpose(1, 2).reshape({query.size(0), query.size(1), kWidth});
}

void expect_same(const torch::Tensor& got, const torch::Tensor& expected,
                 const std::vector<torch::Tensor>& inputs) {
  EXPECT_TRUE(close(got, expected, 2e-6));
  const auto direction = torch::randn_like(got);
  const auto ours = torch::autograd::grad({(got * direction).sum()}, inputs);
  const auto plain = torch::autograd::grad({(expected * direction).sum()}, inputs);
  for (size_t i = 0; i < inputs.size(); ++i) EXPECT_TRUE(close(ours[i], plain[i], 1e-5)) << "input " << i;
}

TEST(FusedAttention, OfOneInputIsEquationOne) {
  for (const char* kind : {"none", "causal", "padding", "both"}) {
    for (const int64_t length : {3, 20, 130}) {
      for (const double p : {0.0, 0.3}) {
        SCOPED_TRACE(std::string(kind) + " " + std::to_string(length) + " " + std::to_string(p));
        torch::manual_seed(1);
        const auto packed = torch::randn({kBatch, length, 3 * kWidth}).requires_grad_();
        const auto mask = some_mask(kind, length, length);
        const auto parts = packed.split(kWidth, 2);
        torch::manual_seed(2);
        const auto expected = plain_attention(parts[0], parts[1], parts[2], mask, p);
        torch::manual_seed(2);
        expect_same(fused_self_attention(packed, mask, kHeads, p), expected, {packed});
      }
    }
  }
}

TEST(FusedAttention, OfAMemoryIsEquationOne) {
  for (const char* kind : {"none", "padding"}) {
    for (const double p : {0.0, 0.3}) {
      torch::manual_seed(3);
      const auto query = torch::randn({kBatch, 7, kWidth}).requires_grad_();
      const auto packed = torch::randn({kBatch, 19, 2 * kWidth}).requires_grad_();
      const auto mask = some_mask(kind, 7, 19);
      const auto parts = packed.split(kWidth, 2);
      torch::manual_seed(2);
      const auto expected = plain_attention(query, parts[0], parts[1], mask, p);
      torch::manual_seed(2);
      expect_same(fused_cross_attention(query, packed, mask, kHeads, p), expected, {query, packed});
    }
  }
}

TEST(FusedAttention, DoesNotDependOnThreads) {
  torch::manual_seed(4);
  const auto packed = torch::randn({8, 60, 3 * kWidth});
  std::vector<torch::Tensor> results;
  for (const int threads : {1, 2}) {
    at::set_num_threads(threads);
    results.push_back(fused_self_attention(packed, {}, kHeads, 0));
  }
  at::set_num_threads(1);
  EXPECT_TRUE(torch::equal(results[0], results[1]));
}

// Whether the kernels take an input of this width and type, with one head.
bool is_fused(int64_t width, torch::ScalarType type) {
  torch::nn::Linear query(width, width), key(width, width), value(width, width);
  for (auto* layer : {&query, &key, &value}) (*layer)->to(type);
  const auto x = torch::zeros({1, 1, width}, type);
  return fused_attention(x, x, {}, {query, key, value, 1}, 0).has_value();
}

TEST(FusedAttention, LeavesOtherTypesAndHeadsOfOddSizeToLibTorch) {
  EXPECT_TRUE(is_fused(16, torch::kFloat32));
  EXPECT_FALSE(is_fused(3, torch::kFloat32));
  EXPECT_FALSE(is_fused(16, torch::kBFloat16));
}

TEST(FusedLinear, AndItsGradientsEqualThePlainLayer) {
  torch::manual_seed(1);
  for (const int64_t rows : {3, 70}) {  // below and above where it is taken
    torch::nn::Linear layer(37, 53);
    const auto x = torch::randn({2, rows, 37}), weights = torch::randn({2, rows, 53});
    const auto gradients = [&](const torch::Tensor& input, const torch::Tensor& y) {
      return torch::autograd::grad({(y * weights).sum()}, {input, layer->weight, layer->bias});
    };
    const auto one = x.clone().requires_grad_(), other = x.clone().requires_grad_();
    const auto got = linear(one, layer), expected = torch::linear(other, layer->weight, layer->bias);
    EXPECT_TRUE(torch::allclose(got, expected, 1e-5, 1e-5));
    const auto got_gradients = gradients(one, got), expected_gradients = gradients(other, expected);
    for (size_t i = 0; i < got_gradients.size(); ++i)
      EXPECT_TRUE(torch::allclose(got_gradients[i], expected_gradients[i], 1e-4, 1e-4)) << i;
  }
}

// The backward pass runs after the guard is destroyed, as in training.
class FusedLinearIn : public ::testing::TestWithParam<torch::ScalarType> {};

TEST_P(FusedLinearIn, IsNearThePlainLayerForwardAndBackward) {
  if (!can_multiply_in(GetParam())) GTEST_SKIP() << "this processor does not multiply in " << GetParam();
  torch::manual_seed(1);
  torch::nn::Linear layer(300, 53);
  const auto x = torch::randn({140, 300}).requires_grad_(), weights = torch::randn({140, 53});
  const auto of = [&](torch::ScalarType type) {
    torch::Tensor y;
    {
      const ProductsGuard guard(type);
      y = linear(x, layer);
    }
    auto all = torch::autograd::grad({(y * weights).sum()}, {x, layer->weight, layer->bias});
    all.push_back(y.detach());
    return all;
  };
  const auto got = of(GetParam()), expected = of(torch::kFloat32);
  for (size_t i = 0; i < got.size(); ++i) {
    const double error = ((got[i] - expected[i]).norm() / expected[i].norm()).item<double>();
    EXPECT_LT(error, 3e-3) << i;  // 1.7e-3 in float16, 2.3e-3 in bfloat16
    if (i == 2) continue;         // the gradient of the bias is no product
    EXPECT_GT(error, 1e-5) << i;
  }
  EXPECT_EQ(ProductsGuard::type(), torch::kFloat32);
}

INSTANTIATE_TEST_SUITE_P(Types, FusedLinearIn, ::testing::Values(torch::kFloat16, torch::kBFloat16),
                         [](const auto& one) { return std::string(c10::toString(one.param)); });

TEST(FusedLinear, DoesNotDependOnThreads) {
  const auto x = torch::randn({700, 64}), weight = torch::randn({80, 64}), bias = torch::randn({80});
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = linear(x, weight, bias);
  at::set_num_threads(3);
  const auto three = linear(x, weight, bias);
  at::set_num_threads(before);
  EXPECT_TRUE(one.equal(three));
}

// A layer norm over `size` with random gain and bias.
torch::nn::LayerNorm random_norm(int64_t size) {
  torch::nn::LayerNorm norm(torch::nn::LayerNormOptions({size}).eps(1e-5));
  const torch::NoGradGuard no_grad;
  norm->weight.normal_();
  norm->bias.normal_();
  return norm;
}

TEST(FusedAddNorm, IsTheFormulaWithAndWithoutDropout) {
  for (const int64_t size : {8, 37, 128}) {
    for (const double p : {0.0, 0.25}) {
      torch::manual_seed(5);
      const auto norm = random_norm(size);
      const auto &gain = norm->weight, &bias = norm->bias;
      const auto x = torch::randn({3, 400, size}).requires_grad_(),
                 y = torch::randn({3, 400, size}).requires_grad_();
      torch::manual_seed(6);
      const auto kept = p > 0 ? apply_dropout(torch::ones_like(y), p, true) : torch::ones_like(y);
      const auto expected = torch::layer_norm(x + y * kept, {size}, gain, bias, 1e-5);
      torch::manual_seed(6);
      const auto got = add_norm(x, y, norm, p);
      EXPECT_TRUE(close(got, expected, 1e-5));
      const auto direction = torch::randn_like(got);
      const auto ours = torch::autograd::grad({(got * direction).sum()}, {x, y, gain, bias});
      const auto plain = torch::autograd::grad({(expected * direction).sum()}, {x, y, gain, bias});
      for (size_t i = 0; i < 4; ++i) EXPECT_TRUE(close(ours[i], plain[i], i < 2 ? 1e-5 : 1e-3)) << i;
    }
  }
}

TEST(FusedAddNorm, FallsBackToLibTorchInOtherTypes) {
  torch::manual_seed(5);
  auto norm = random_norm(8);
  norm->to(torch::kFloat64);
  const auto x = torch::randn({2, 3, 8}, torch::kFloat64), y = torch::randn({2, 3, 8}, torch::kFloat64);
  EXPECT_TRUE(torch::equal(add_norm(x, y, norm, 0), norm(x + y)));
}

}  // namespace
}  // namespace dragoman
