// The small blocks of model/: embedding, positions, masks, add & norm, feed-forward, output projection.
// uses: torch
#include <gtest/gtest.h>

#include <cmath>

#include "model/add_norm.h"
#include "model/embedding.h"
#include "model/feed_forward.h"
#include "model/masks.h"
#include "model/output_projection.h"
#include "model/positional_encoding.h"
#include "tests/model/small_model.h"

namespace dragoman {
namespace {

TEST(Embedding, RowsAreScaledByTheRootOfTheWidth) {
  torch::manual_seed(1);
  const auto ids = torch::tensor({{3, 1}, {4, 3}}, torch::kInt64);
  for (const bool scale : {true, false}) {
    Embedding block(EmbeddingOptions{.vocab_size = 6, .d_model = 16, .pad_id = 5, .scale = scale});
    block->initialise();
    const auto expected = block->weight().index_select(0, ids.flatten()).view({2, 2, 16}) * (scale ? 4 : 1);
    EXPECT_TRUE(close(block->forward(ids), expected, 1e-6));
  }
}

TEST(Embedding, ThePaddingRowIsZeroAndGetsNoGradient) {
  torch::manual_seed(2);
  Embedding block(EmbeddingOptions{.vocab_size = 6, .d_model = 4, .pad_id = 5});
  block->initialise();
  EXPECT_TRUE(close(block->weight()[5], torch::zeros({4}), 0));
  block->forward(torch::tensor({{2, 5, 2}}, torch::kInt64)).sum().backward();
  auto expected = torch::zeros({6, 4});
  expected[2].fill_(4);  // twice there, times sqrt(4)
  EXPECT_TRUE(close(block->weight().grad(), expected, 1e-6));
}

TEST(Embedding, ScaledVectorsBeginWithUnitVariance) {
  torch::manual_seed(3);
  Embedding block(EmbeddingOptions{.vocab_size = 500, .d_model = 64, .pad_id = 499});
  block->initialise();
  const auto vectors = block->forward(torch::arange(499).unsqueeze(0));
  EXPECT_NEAR(vectors.mean().item<double>(), 0, 0.03);
  EXPECT_NEAR(vectors.var().item<double>(), 1, 0.04);  // 5 standard deviations
}

TEST(PositionalEncoding, RowsAreTheFormula) {
  // angle(pos, i) = pos / 10000^(i/(D/2)); sine half, then cosine half.
  for (const auto& [begin, count, width] : {std::tuple<int64_t, int64_t, int64_t>{0, 5, 8},
                                            {0, 3, 2},
                                            {0, 300, 12},
                                            {700, 2, 512},
                                            {1'000'000, 2, 6}}) {
    const auto rows = position_rows(begin, count, width);
    ASSERT_EQ(rows.sizes(), (std::vector<int64_t>{count, width}));
    ASSERT_EQ(rows.scalar_type(), torch::kFloat32);
    const auto row = rows.accessor<float, 2>();
    for (int64_t p = 0; p < count; ++p) {
      for (int64_t i = 0; i < width / 2; ++i) {
        const double angle = static_cast<double>(begin + p) /
                             std::pow(10000.0, static_cast<double>(i) / (static_cast<double>(width) / 2));
        ASSERT_NEAR(row[p][i], std::sin(angle), 1e-7) << p << " " << i;
        ASSERT_NEAR(row[p][i + width / 2], std::cos(angle), 1e-7) << p << " " << i;
      }
    }
  }
}

TEST(PositionalEncoding, PositionsAreAddedFromZeroForAnyLength) {
  torch::manual_seed(4);
  PositionalEncoding block(6);
  for (const int64_t length : {1, 256, 257, 700, 2}) {  // longer than all before, then shorter again
    const auto x = torch::randn({2, length, 6}), before = x.clone();
    EXPECT_TRUE(close(block->forward(x), x + position_rows(0, length, 6), 0)) << length;
    EXPECT_TRUE(close(x, before, 0));
  }
  const auto half = torch::zeros({1, 4, 6}, torch::kBFloat16);
  EXPECT_EQ(block->forward(half).scalar_type(), torch::kBFloat16);
  EXPECT_TRUE(block->parameters().empty());
}

TEST(PositionalEncoding, ATableMadeInInferenceServesTrainingToo) {
  PositionalEncoding block(4);
  {
    const c10::InferenceMode inference;
    block->forward(torch::zeros({1, 3, 4}));
  }
  const auto x = torch::randn({1, 3, 4}).requires_grad_();
  block->forward(x).square().sum().backward();
  EXPECT_TRUE(close(x.grad(), 2 * (x + position_rows(0, 3, 4)), 1e-6));
}

TEST(Masks, PaddingIsNotAttendedTo) {
  const auto mask = padding_mask(torch::tensor({{4, 0, 9, 9}, {9, 1, 2, 0}}, torch::kInt64), 9);
  ASSERT_EQ(mask.sizes(), (std::vector<int64_t>{2, 1, 1, 4}));
  ASSERT_EQ(mask.scalar_type(), torch::kBool);
  EXPECT_TRUE(mask.flatten().equal(torch::tensor({true, true, false, false, false, true, true, true})));
}

TEST(Masks, NoPositionSeesALaterOne) {
  const auto mask = causal_mask(3, torch::kCPU);
  ASSERT_EQ(mask.sizes(), (std::vector<int64_t>{1, 1, 3, 3}));
  EXPECT_TRUE(mask.flatten().equal(torch::tensor({true, false, false, true, true, false, true, true, true})));
  EXPECT_TRUE(causal_mask(1, torch::kCPU).all().item<bool>());
}

// Layer normalisation by its definition, in double: biased variance, eps 1e-5 inside the root.
torch::Tensor plain_norm(const torch::Tensor& x, const torch::nn::LayerNorm& norm) {
  const auto y = x.to(torch::kFloat64);
  const auto centred = y - y.mean(-1, true);
  return centred / (centred.square().mean(-1, true) + 1e-5).sqrt() * norm->weight + norm->bias;
}

TEST(AddNorm, PostNormNormalisesTheSumAndPreNormTheInput) {
  torch::manual_seed(5);
  const auto x = torch::randn({2, 3, 8}) * 0.01;  // small, so that eps matters
  const AddNormImpl::Sublayer sublayer = [](const torch::Tensor& y) { return y.square() * 3 + 0.02; };
  for (const bool pre_norm : {false, true}) {
    AddNorm block(AddNormOptions{.d_model = 8, .dropout = 0, .pre_norm = pre_norm});
    {
      const torch::NoGradGuard no_grad;
      block->norm_->weight.normal_(), block->norm_->bias.normal_();
    }
    const auto expected =
        pre_norm ? x + sublayer(plain_norm(x, block->norm_)) : plain_norm(x + sublayer(x), block->norm_);
    EXPECT_TRUE(close(block->forward(x, sublayer), expected, 1e-5)) << pre_norm;
  }
}

TEST(AddNorm, DropoutFallsOnTheSublayerAndNeverOnTheResidual) {
  torch::manual_seed(6);
  const auto x = torch::randn({4, 50, 8});
  const AddNormImpl::Sublayer hundred = [](const torch::Tensor& y) { return torch::full_like(y, 100.0); };
  AddNorm block(AddNormOptions{.d_model = 8, .dropout = 0.5, .pre_norm = true});
  const auto added = block->forward(x, hundred) - x;
  const auto zero = added.abs().lt(1e-3), doubled = (added - 200).abs().lt(1e-3);
  EXPECT_TRUE(zero.logical_or(doubled).all().item<bool>());
  EXPECT_NEAR(zero.to(torch::kFloat32).mean().item<double>(), 0.5, 0.07);  // 5 standard deviations
  block->eval();
  EXPECT_TRUE(close(block->forward(x, hundred), x + 100, 1e-4));
}

TEST(AddNorm, PostNormNormalisesBehindTheDropout) {
  torch::manual_seed(10);
  AddNorm block(AddNormOptions{.d_model = 8, .dropout = 0.5});
  const auto x = torch::randn({4, 5, 8});
  const auto result = block->forward(x, [](const torch::Tensor& y) { return y * 3; });
  EXPECT_TRUE(close(result.mean(-1), torch::zeros({4, 5}), 1e-5));
  EXPECT_TRUE(close(result.var(-1, /*unbiased=*/false), torch::ones({4, 5}), 1e-3));
}

TEST(FeedForward, NonlinearitiesAreTheirFormulas) {
  const auto x = torch::linspace(-6, 6, 49, torch::kFloat64);
  EXPECT_TRUE(close(activate(x, ActivationFunction::kRelu), x.clamp_min(0), 0));
  EXPECT_TRUE(close(activate(x, ActivationFunction::kSilu), x / (1 + (-x).exp()), 1e-12));
  EXPECT_TRUE(close(activate(x, ActivationFunction::kSwish), activate(x, ActivationFunction::kSilu), 0));
  EXPECT_TRUE(close(activate(x, ActivationFunction::kGelu), x * 0.5 * (1 + (x / std::sqrt(2.0)).erf()),
                    1e-12));  // not the tanh form
}

TEST(FeedForward, IsTwoLinearLayersForEveryTokenAlone) {
  torch::manual_seed(7);
  FeedForward block(FeedForwardOptions{.d_model = 6, .width = 10, .activation = ActivationFunction::kRelu});
  const auto x = torch::randn({2, 5, 6});
  const auto inner = torch::matmul(x, block->inner_->weight.t()) + block->inner_->bias;  // equation 2
  const auto expected = torch::matmul(inner.clamp_min(0), block->outer_->weight.t()) + block->outer_->bias;
  EXPECT_TRUE(close(block->forward(x), expected, 1e-5));
  EXPECT_TRUE(close(block->forward(x.narrow(1, 3, 1)), expected.narrow(1, 3, 1), 1e-5));
}

TEST(FeedForward, DropsInnerUnitsInTrainingOnly) {
  torch::manual_seed(8);
  FeedForward block(FeedForwardOptions{.d_model = 6, .width = 50, .dropout = 0.5});
  const auto x = torch::randn({2, 5, 6});
  EXPECT_FALSE(close(block->forward(x), block->forward(x), 1e-6));
  block->eval();
  EXPECT_TRUE(close(block->forward(x), block->forward(x), 0));
}

TEST(OutputProjection, IsTheTiedMatrixOrItsOwn) {
  torch::manual_seed(9);
  const auto embedding = torch::randn({7, 4}), x = torch::randn({2, 3, 4});
  OutputProjection tied(4, 7, embedding), own(4, 7, torch::Tensor());
  tied->bias().normal_();
  EXPECT_TRUE(close(tied->forward(x), torch::matmul(x, embedding.t()) + tied->bias(), 1e-6));
  EXPECT_TRUE(tied->parameters().empty());
  own->initialise();
  tied->initialise();  // leaves the embedding alone
  EXPECT_TRUE(close(own->forward(x), torch::matmul(x, own->weight().t()), 1e-6));
  ASSERT_EQ(own->parameters().size(), 1u);
  EXPECT_GT(own->weight().abs().max().item<double>(), 0);
}

}  // namespace
}  // namespace dragoman
