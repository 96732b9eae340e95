// The loss and the optimiser, each against its formula.
// uses: torch
#include <gtest/gtest.h>

#include <cmath>

#include "tests/model/small_model.h"
#include "training/adam.h"
#include "training/loss.h"

namespace dragoman {
namespace {

constexpr int64_t kClasses = 7, kPadClass = 6;

// The formula of loss.h, in double: <pad> is cut off, log_softmax does the rest.
torch::Tensor plain_loss(const torch::Tensor& logits, const torch::Tensor& labels, double epsilon) {
  const auto log_p = torch::log_softmax(logits.to(torch::kFloat64).narrow(-1, 0, kClasses - 1), -1);
  const auto label = labels.clamp_max(kPadClass - 1).unsqueeze(-1);
  const auto loss = -(1 - epsilon) * log_p.gather(-1, label).squeeze(-1) - epsilon * log_p.mean(-1);
  return loss.masked_select(labels.ne(kPadClass)).sum();
}

torch::Tensor some_labels() {
  return torch::tensor({{3, 0, 5, 6}, {1, 6, 6, 6}}, torch::kInt64);
}

TEST(Loss, IsTheFormulaForEveryEpsilon) {
  torch::manual_seed(1);
  const auto logits = 3 * torch::randn({2, 4, kClasses});
  for (const double epsilon : {0.0, 0.1, 0.5, 1.0}) {
    const auto sums = label_smoothed_cross_entropy(logits, some_labels(), kPadClass, epsilon);
    EXPECT_NEAR(sums.smoothed.item<double>(), plain_loss(logits, some_labels(), epsilon).item<double>(), 1e-5)
        << epsilon;
    EXPECT_NEAR(sums.cross_entropy.item<double>(), plain_loss(logits, some_labels(), 0).item<double>(), 1e-5)
        << epsilon;
  }
}

TEST(Loss, GradientIsThatOfTheFormula) {
  torch::manual_seed(2);
  for (const double epsilon : {0.0, 0.1}) {
    const auto ours = (3 * torch::randn({2, 4, kClasses})).requires_grad_();
    const auto plain = ours.detach().clone().requires_grad_();
    // Divided by the tokens and times a loss scale, as training does: what comes from above counts.
    (label_smoothed_cross_entropy(ours, some_labels(), kPadClass, epsilon).smoothed * 2.5).backward();
    (plain_loss(plain, some_labels(), epsilon) * 2.5).backward();
    EXPECT_TRUE(close(ours.grad(), plain.grad(), 1e-5)) << epsilon;
  }
}

TEST(Loss, GradientIsTheSlopeOfTheLoss) {
  torch::manual_seed(3);
  const auto logits = torch::randn({1, 3, kClasses}).requires_grad_();
  const auto labels = torch::tensor({{2, 6, 0}}, torch::kInt64);
  label_smoothed_cross_entropy(logits, labels, kPadClass, 0.1).smoothed.backward();
  const torch::NoGradGuard no_grad;
  const auto at = [&](int64_t t, int64_t v, double by) {
    auto moved = logits.detach().clone();
    moved[0][t][v] += by;
    return label_smoothed_cross_entropy(moved, labels, kPadClass, 0.1).smoothed.item<double>();
  };
  for (int64_t t = 0; t < 3; ++t) {
    for (int64_t v = 0; v < kClasses; ++v) {
      const double slope = (at(t, v, 0.01) - at(t, v, -0.01)) / 0.02;
      EXPECT_NEAR(logits.grad()[0][t][v].item<double>(), slope, 5e-4) << t << " " << v;
    }
  }
}

TEST(Loss, PaddingLabelsContributeNothing) {
  torch::manual_seed(4);
  const auto text = torch::randn({1, 3, kClasses}), more = 100 * torch::randn({1, 2, kClasses});
  const auto logits = torch::cat({text, more}, 1).requires_grad_();
  const auto short_labels = torch::tensor({{1, 2, 0}}, torch::kInt64),
             labels = torch::tensor({{1, 2, 0, 6, 6}}, torch::kInt64);
  const auto sums = label_smoothed_cross_entropy(logits, labels, kPadClass, 0.1);
  const auto expected = label_smoothed_cross_entropy(text, short_labels, kPadClass, 0.1);
  EXPECT_NEAR(sums.smoothed.item<double>(), expected.smoothed.item<double>(), 1e-5);
  EXPECT_NEAR(sums.cross_entropy.item<double>(), expected.cross_entropy.item<double>(), 1e-5);
  sums.smoothed.backward();
  EXPECT_TRUE(close(logits.grad().narrow(1, 3, 2), torch::zeros({1, 2, kClasses}), 0));
  const auto nothing =
      label_smoothed_cross_entropy(more, torch::tensor({{6, 6}}, torch::kInt64), kPadClass, 0.1);
  EXPECT_EQ(nothing.smoothed.item<double>(), 0);
}

TEST(Loss, TheLogitOfPaddingNeverMatters) {
  torch::manual_seed(5);
  const auto logits = torch::randn({2, 4, kClasses});
  const double expected =
      label_smoothed_cross_entropy(logits, some_labels(), kPadClass, 0.1).smoothed.item<double>();
  for (const double value : {-HUGE_VAL, -1e30, 50.0, 1e30}) {
    auto changed = logits.clone();
    changed.select(-1, kPadClass).fill_(value);
    changed.requires_grad_();
    const auto sums = label_smoothed_cross_entropy(changed, some_labels(), kPadClass, 0.1);
    EXPECT_EQ(sums.smoothed.item<double>(), expected) << value;
    sums.smoothed.backward();
    EXPECT_TRUE(close(changed.grad().select(-1, kPadClass), torch::zeros({2, 4}), 0)) << value;
    EXPECT_TRUE(changed.grad().isfinite().all().item<bool>()) << value;
  }
}

TEST(Loss, HalfPrecisionLogitsAreSummedInFloat32) {
  torch::manual_seed(6);
  for (const auto type : {torch::kBFloat16, torch::kFloat16}) {
    const auto logits = (20 * torch::randn({2, 4, kClasses})).to(type).requires_grad_();
    const auto sums = label_smoothed_cross_entropy(logits, some_labels(), kPadClass, 0.1);
    EXPECT_EQ(sums.smoothed.scalar_type(), torch::kFloat32);
    EXPECT_NEAR(sums.smoothed.item<double>(), plain_loss(logits, some_labels(), 0.1).item<double>(), 1e-4);
    sums.smoothed.backward();
    EXPECT_EQ(logits.grad().scalar_type(), type);
    const auto plain = logits.detach().clone().to(torch::kFloat64).requires_grad_();
    plain_loss(plain, some_labels(), 0.1).backward();
    EXPECT_TRUE(close(logits.grad(), plain.grad(), 4e-3));  // 8 bits of fraction
  }
}

TEST(Loss, LargeLogitsOverflowNothing) {
  auto logits = torch::zeros({1, 1, kClasses});
  logits[0][0][2] = 1e4;
  const auto right = torch::tensor({{2}}, torch::kInt64), wrong = torch::tensor({{3}}, torch::kInt64);
  EXPECT_NEAR(label_smoothed_cross_entropy(logits, right, kPadClass, 0).smoothed.item<double>(), 0, 1e-6);
  EXPECT_NEAR(label_smoothed_cross_entropy(logits, wrong, kPadClass, 0).smoothed.item<double>(), 1e4, 1e-2);
}

TEST(Loss, PaddingMustBeTheLastIdAndLogitsAreNotChanged) {
  const auto logits = torch::randn({2, 4, kClasses}), before = logits.clone();
  EXPECT_THROW(label_smoothed_cross_entropy(logits, some_labels(), kPadClass - 1, 0.1), c10::Error);
  label_smoothed_cross_entropy(logits, some_labels(), kPadClass, 0.1);
  EXPECT_TRUE(logits.equal(before));
}

// Kingma and Ba 2015, algorithm 1, in double.
struct PlainAdam {
  torch::Tensor parameter, m, v;
  int64_t t = 0;

  explicit PlainAdam(const torch::Tensor& start)
      : parameter(start.detach().to(torch::kFloat64).clone()),
        m(torch::zeros_like(parameter)),
        v(torch::zeros_like(parameter)) {}

  void step(const torch::Tensor& gradient, double rate, double beta1, double beta2, double epsilon) {
    const auto g = gradient.detach().to(torch::kFloat64);
    ++t;
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    const auto m_hat = m / (1 - std::pow(beta1, t)), v_hat = v / (1 - std::pow(beta2, t));
    parameter = parameter - rate * m_hat / (v_hat.sqrt() + epsilon);
  }
};

void set_random_gradients(Transformer& model) {
  for (auto& parameter : model->parameters())
    parameter.mutable_grad() = torch::randn_like(parameter).detach();
}

TEST(Adam, OneAndThreeStepsAreTheAlgorithm) {
  torch::manual_seed(7);
  ModelOptions options = small_options();
  options.encoder_layers = options.decoder_layers = 1;
  for (const double epsilon : {1e-9, 0.1}) {  // a large one shows where it is added
    Transformer model(options);
    Adam optimiser(model, AdamOptions{0.9, 0.98, epsilon});
    std::vector<PlainAdam> plain;
    for (const auto& slot : optimiser.slots()) plain.emplace_back(slot.parameter);
    for (const double rate : {0.1, 0.02, 0.5}) {
      set_random_gradients(model);
      optimiser.step(rate);
      for (size_t i = 0; i < plain.size(); ++i) {
        const auto& slot = optimiser.slots()[i];
        plain[i].step(slot.parameter.grad(), rate, 0.9, 0.98, epsilon);
        EXPECT_TRUE(close(slot.parameter, plain[i].parameter, 2e-5)) << slot.name;
        EXPECT_TRUE(close(slot.first_moment, plain[i].m, 1e-6)) << slot.name;
        EXPECT_TRUE(close(slot.second_moment, plain[i].v, 1e-6)) << slot.name;
      }
    }
    EXPECT_EQ(optimiser.steps(), 3);
  }
}

TEST(Adam, HasASlotForEachParameterOnceUnderItsName) {
  Transformer model(separate_options());
  const Adam optimiser(model, AdamOptions());
  const auto parameters = model->named_parameters();
  ASSERT_EQ(optimiser.slots().size(), parameters.size());
  for (const auto& slot : optimiser.slots())
    EXPECT_TRUE(slot.parameter.is_same(parameters[slot.name])) << slot.name;
}

TEST(Adam, GoesOnFromLoadedMomentsAsIfItHadNeverStopped) {
  torch::manual_seed(8);
  Transformer model(small_options()), resumed(small_options());
  Adam first(model, AdamOptions()), second(resumed, AdamOptions());
  set_random_gradients(model);
  first.step(0.1);
  {
    const torch::NoGradGuard no_grad;
    for (size_t i = 0; i < first.slots().size(); ++i) {
      const auto &from = first.slots()[i], &to = second.slots()[i];
      to.parameter.copy_(from.parameter), to.first_moment.copy_(from.first_moment),
          to.second_moment.copy_(from.second_moment);
    }
  }
  second.set_steps(first.steps());
  set_random_gradients(model);
  const auto given = model->parameters();
  const auto taking = resumed->parameters();
  for (size_t i = 0; i < given.size(); ++i)
    const_cast<torch::Tensor&>(taking[i]).mutable_grad() = given[i].grad().clone();
  first.step(0.1), second.step(0.1);
  for (size_t i = 0; i < given.size(); ++i) EXPECT_TRUE(taking[i].equal(given[i]));
  EXPECT_EQ(second.steps(), 2);
}

TEST(Adam, AParameterWithoutAGradientStays) {
  torch::manual_seed(9);
  Transformer model(small_options());
  Adam optimiser(model, AdamOptions());
  model->zero_grad();
  const auto before = model->parameters()[0].detach().clone();
  optimiser.step(0.1);
  EXPECT_TRUE(close(model->parameters()[0], before, 0));
}

TEST(Adam, TheGradientNormIsThatOfOneLongVector) {
  torch::manual_seed(10);
  Transformer model(small_options());
  Adam optimiser(model, AdamOptions());
  set_random_gradients(model);
  double squares = 0;
  for (const auto& parameter : model->parameters())
    squares += parameter.grad().to(torch::kFloat64).square().sum().item<double>();
  EXPECT_NEAR(optimiser.gradient_norm().item<double>(), std::sqrt(squares), 1e-4);
  const auto before = model->parameters()[0].grad().clone();
  optimiser.scale_gradients(0.25);
  EXPECT_NEAR(optimiser.gradient_norm().item<double>(), std::sqrt(squares) / 4, 1e-4);
  EXPECT_TRUE(close(model->parameters()[0].grad(), before / 4, 1e-7));
  model->zero_grad();
  EXPECT_EQ(optimiser.gradient_norm().item<double>(), 0);
}

}  // namespace
}  // namespace dragoman
