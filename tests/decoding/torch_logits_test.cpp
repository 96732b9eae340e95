// uses: torch
// TorchLogits on a device computes the same as HostLogits. LibTorch's operators are the same for every
// device, so the tests use a tensor on the CPU.
#include "decoding/torch/torch_logits.h"

#include <gtest/gtest.h>

#include <limits>

#include "decoding/search_options.h"

namespace dragoman {
namespace {

constexpr int64_t kRows = 5, kSize = 70;

struct Both {
  TorchLogits host{kSize}, device{kSize};

  explicit Both(torch::Tensor logits = torch::Tensor()) {
    torch::manual_seed(1);
    if (!logits.defined()) logits = 3 * torch::randn({kRows, kSize});
    host.set(logits.clone(), /*on_host=*/true), device.set(logits.clone(), /*on_host=*/false);
  }
  void expect_same_best(int64_t count, bool normalise) {
    BestTokens expected, given;
    host.best(count, normalise, expected), device.best(count, normalise, given);
    ASSERT_EQ(given.count, count);
    ASSERT_EQ(given.tokens, expected.tokens);
    for (size_t i = 0; i < expected.tokens.size(); ++i) {
      if (expected.tokens[i] < 0)
        EXPECT_EQ(given.log_probabilities[i], kImpossible);
      else
        EXPECT_NEAR(given.log_probabilities[i], expected.log_probabilities[i], 1e-5);
    }
  }
};

TEST(TorchLogits, FindTheBestTokensAsTheHostDoes) {
  for (const int64_t count : {1, 2, 9}) {
    for (const bool normalise : {true, false}) Both().expect_same_best(count, normalise);
  }
}

TEST(TorchLogits, AreNormalisedAndMaskedAsOnTheHost) {
  Both both;
  for (StepLogits* one : {static_cast<StepLogits*>(&both.host), static_cast<StepLogits*>(&both.device)})
    one->log_softmax(2), one->forbid({0, 69, 33});
  both.expect_same_best(12, true);
  both.expect_same_best(12, false);
}

TEST(TorchLogits, AreAddedAsOnTheHost) {
  Both both, other(torch::arange(kRows * kSize, torch::kFloat32).view({kRows, kSize}).sin());
  both.host.add(other.host), both.device.add(other.device);
  both.expect_same_best(6, true);
}

TEST(TorchLogits, HaveNoTokenBeyondThePossibleOnes) {
  auto logits = torch::full({2, kSize}, kImpossible);
  logits[0][7] = 2, logits[0][3] = 1;
  Both(logits).expect_same_best(4, true);
  Both(logits).expect_same_best(1, true);
}

TEST(TorchLogits, ScoreATokenAsTheHostDoes) {
  Both both;
  std::vector<double> expected, given;
  both.host.log_probabilities({4, 0, 69, 4, 8}, expected);
  both.device.log_probabilities({4, 0, 69, 4, 8}, given);
  ASSERT_EQ(given.size(), 5U);
  for (size_t i = 0; i < 5; ++i) EXPECT_NEAR(given[i], expected[i], 1e-5);
}

TEST(TorchLogits, ContinueOnTheHostAfterARule) {
  Both both;
  for (StepLogits* one : {static_cast<StepLogits*>(&both.host), static_cast<StepLogits*>(&both.device)})
    one->for_each_row([](int64_t r, float* row) { row[10 + r] = 50; });
  BestTokens found;
  both.device.best(1, true, found);
  EXPECT_EQ(found.tokens, (std::vector<int32_t>{10, 11, 12, 13, 14}));
  both.expect_same_best(5, true);
}

}  // namespace
}  // namespace dragoman
