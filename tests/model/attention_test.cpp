// uses: torch
#include "model/attention.h"

#include <gtest/gtest.h>

#include <cmath>

#include "model/masks.h"
#include "tests/model/small_model.h"

namespace dragoman {
namespace {

// Equation 1 of the paper, in double: softmax(Q K^T / sqrt(K)) V.
torch::Tensor plain_attention(const torch::Tensor& query, const torch::Tensor& key,
                              const torch::Tensor& value, const torch::Tensor& mask) {
  const auto q = query.to(torch::kFloat64), k = key.to(torch::kFloat64), v = value.to(torch::kFloat64);
  auto scores = torch::matmul(q, k.transpose(-2, -1)) / std::sqrt(static_cast<double>(q.size(-1)));
  if (mask.defined()) scores = scores.masked_fill(mask.logical_not(), -INFINITY);
  return torch::matmul(torch::softmax(scores, -1), v);
}

struct Inputs {
  torch::Tensor query = torch::randn({2, 3, 4, 6}), key = torch::randn({2, 3, 5, 6}),
                value = torch::randn({2, 3, 5, 6});
};

TEST(Attention, IsThePlainFormWithAndWithoutMasks) {
  torch::manual_seed(1);
  const Inputs in;
  auto padding = torch::ones({2, 1, 1, 5}, torch::kBool);
  padding[0].narrow(-1, 3, 2).fill_(false);
  auto each = torch::rand({2, 3, 4, 5}) > 0.5;
  each.select(-1, 0).fill_(true);
  for (const auto& mask : {torch::Tensor(), padding, each}) {
    const auto got = scaled_dot_product_attention(in.query, in.key, in.value, mask);
    EXPECT_TRUE(close(got, plain_attention(in.query, in.key, in.value, mask), 1e-6));
  }
  const auto square = torch::randn({2, 3, 5, 6});
  const auto causal = causal_mask(5, torch::kCPU);
  EXPECT_TRUE(close(scaled_dot_product_attention(square, in.key, in.value, causal),
                    plain_attention(square, in.key, in.value, causal), 1e-6));
}

TEST(Attention, GradientsAreThoseOfThePlainForm) {
  torch::manual_seed(2);
  auto mask = torch::rand({2, 1, 4, 5}) > 0.4;
  mask.select(-1, 2).fill_(true);
  const Inputs ours, plain{ours.query.clone(), ours.key.clone(), ours.value.clone()};
  for (const auto& t : {ours.query, ours.key, ours.value, plain.query, plain.key, plain.value})
    t.requires_grad_(true);
  const auto direction = torch::randn({2, 3, 4, 6});
  scaled_dot_product_attention(ours.query, ours.key, ours.value, mask).backward(direction);
  plain_attention(plain.query, plain.key, plain.value, mask).backward(direction.to(torch::kFloat64));
  EXPECT_TRUE(close(ours.query.grad(), plain.query.grad(), 1e-5));
  EXPECT_TRUE(close(ours.key.grad(), plain.key.grad(), 1e-5));
  EXPECT_TRUE(close(ours.value.grad(), plain.value.grad(), 1e-5));
}

TEST(Attention, ARowThatMayAttendToNothingGivesZerosAndNoNanInGradients) {
  torch::manual_seed(3);
  // Long rows as well: other kernels take them. Heads of 64, as in the big models.
  for (const int64_t length : {5, 200}) {
    const auto query = torch::randn({2, 2, length, 64}).requires_grad_(),
               key = torch::randn({2, 2, length, 64}).requires_grad_(),
               value = torch::randn({2, 2, length, 64}).requires_grad_();
    auto mask = torch::ones({2, 1, length, length}, torch::kBool);
    mask[0][0][1].fill_(false);  // one row
    mask[1].fill_(false);        // a whole sentence
    const auto result = scaled_dot_product_attention(query, key, value, mask);
    EXPECT_TRUE(close(result[1], torch::zeros_like(result[1]), 0)) << length;
    EXPECT_TRUE(close(result[0].select(1, 1), torch::zeros({2, 64}), 0)) << length;
    EXPECT_TRUE(close(result[0].narrow(1, 2, 3),
                      plain_attention(query[0], key[0], value[0], mask[0]).narrow(1, 2, 3), 1e-5))
        << length;
    result.square().sum().backward();
    for (const auto& t : {query, key, value}) EXPECT_TRUE(t.grad().isfinite().all().item<bool>()) << length;
    EXPECT_TRUE(close(value.grad()[1], torch::zeros_like(value.grad()[1]), 0)) << length;
  }
}

TEST(Attention, DropoutTakesWeightsAwayAndKeepsTheirMean) {
  torch::manual_seed(4);
  const auto query = torch::zeros({1, 1, 1, 4}), key = torch::zeros({1, 1, 1000, 4}),
             value = torch::ones({1, 1, 1000, 4});
  const auto result = scaled_dot_product_attention(query, key, value, torch::Tensor(), 0.5);
  EXPECT_FALSE(close(result, torch::ones_like(result), 1e-6));
  EXPECT_TRUE(close(result, torch::ones_like(result), 0.2));  // 6 standard deviations
}

// Section 3.2.2, head by head: columns h K .. (h+1) K of the projections are head h.
torch::Tensor head_by_head(MultiHeadAttention& block, int64_t heads, const torch::Tensor& query,
                           const torch::Tensor& memory, const torch::Tensor& mask) {
  const auto q = block->query_(query), k = block->key_(memory), v = block->value_(memory);
  const int64_t width = q.size(-1) / heads;
  std::vector<torch::Tensor> outputs;
  for (int64_t h = 0; h < heads; ++h) {
    const auto head = [&](const torch::Tensor& x) { return x.narrow(-1, h * width, width).unsqueeze(1); };
    outputs.push_back(plain_attention(head(q), head(k), head(v), mask).squeeze(1).to(torch::kFloat32));
  }
  return block->output_(torch::cat(outputs, -1));
}

TEST(MultiHeadAttention, IsItsHeadsSideBySide) {
  torch::manual_seed(5);
  const auto query = torch::randn({2, 4, 12}), memory = torch::randn({2, 5, 12});
  auto mask = torch::ones({2, 1, 1, 5}, torch::kBool);
  mask[1].narrow(-1, 2, 3).fill_(false);
  for (const int64_t heads : {1, 3, 12}) {
    MultiHeadAttention block(AttentionOptions{12, heads});
    EXPECT_TRUE(
        close(block->forward(query, memory, mask), head_by_head(block, heads, query, memory, mask), 1e-5))
        << heads;
    EXPECT_TRUE(close(block->forward(query, memory, torch::Tensor()),
                      head_by_head(block, heads, query, memory, torch::Tensor()), 1e-5))
        << heads;
  }
}

TEST(MultiHeadAttention, TakesTensorsThatAreViewsOfOthers) {
  torch::manual_seed(6);
  MultiHeadAttention block(AttentionOptions{8, 2});
  const auto query = torch::randn({8, 4, 2}).permute({2, 1, 0}),
             memory = torch::randn({5, 2, 8}).transpose(0, 1);
  ASSERT_FALSE(query.is_contiguous());
  EXPECT_TRUE(close(block->forward(query, memory, torch::Tensor()),
                    block->forward(query.contiguous(), memory.contiguous(), torch::Tensor()), 1e-6));
}

TEST(MultiHeadAttention, DropsWeightsInTrainingOnly) {
  torch::manual_seed(7);
  MultiHeadAttention block(AttentionOptions{.d_model = 8, .num_heads = 2, .dropout = 0.5});
  const auto x = torch::randn({2, 6, 8});
  EXPECT_FALSE(close(block->forward(x, x, torch::Tensor()), block->forward(x, x, torch::Tensor()), 1e-6));
  block->eval();
  EXPECT_TRUE(close(block->forward(x, x, torch::Tensor()), block->forward(x, x, torch::Tensor()), 0));
}

TEST(MultiHeadAttention, HeadsMustDivideTheWidth) {
  EXPECT_THROW(MultiHeadAttention(AttentionOptions{8, 3}), c10::Error);
}

}  // namespace
}  // namespace dragoman
