// uses: torch
#include "training/weight_average.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "core/error.h"
#include "core/files.h"
#include "model/weights.h"
#include "tests/model/small_model.h"

namespace dragoman {
namespace {

Transformer constant_model(double value, const ModelOptions& options = small_options()) {
  Transformer model(options);
  const torch::NoGradGuard no_grad;
  for (auto& parameter : model->parameters()) parameter.fill_(value);
  return model;
}

double value_of(const Transformer& model) {
  return model->parameters()[3].mean().item<double>();
}

TEST(MovingAverage, IsTheFormula) {
  Transformer model = constant_model(1);
  MovingAverage average(model, 0.5);
  model = constant_model(2);
  average.add(model, 1);    // 2/11: 1 * 2/11 + 2 * 9/11
  average.add(model, 100);  // 0.5
  const double first = 2.0 / 11 + 18.0 / 11;
  average.exchange(model);
  EXPECT_NEAR(value_of(model), (first + 2) / 2, 1e-6);
  average.exchange(model);
  EXPECT_EQ(value_of(model), 2);
}

TEST(AverageInPlace, GivesTheWeightsBackAlsoAfterAnError) {
  Transformer model = constant_model(1);
  MovingAverage average(model, 0.5);
  model = constant_model(2);
  try {
    const AverageInPlace in_place(&average, model);
    EXPECT_EQ(value_of(model), 1);
    throw std::runtime_error("stopped");
  } catch (const std::runtime_error&) {
  }
  EXPECT_EQ(value_of(model), 2);
  const AverageInPlace nothing(nullptr, model);
  EXPECT_EQ(value_of(model), 2);
}

TEST(WeightsGuard, RestoresTheWeightsAlsoAfterAnError) {
  Transformer model = constant_model(2);
  try {
    const WeightsGuard guard(model);
    const torch::NoGradGuard no_grad;
    for (auto& parameter : model->parameters()) parameter.fill_(9);
    throw std::runtime_error("stopped");
  } catch (const std::runtime_error&) {
  }
  for (const auto& parameter : model->parameters()) EXPECT_TRUE(parameter.eq(2).all().item<bool>());
}

TEST(LoadAverage, IsTheMeanOfTheFiles) {
  const TemporaryFolder folder;
  std::vector<std::string> paths;
  for (const double value : {1, 2, 6}) {
    paths.push_back(folder.path(std::to_string(value)));
    save_weights(constant_model(value), paths.back());
  }
  Transformer model = constant_model(0);
  load_average(model, paths);
  for (const auto& parameter : model->parameters()) EXPECT_TRUE(parameter.eq(3).all().item<bool>());
}

TEST(LoadAverage, RefusesWeightsOfAnotherShape) {
  const TemporaryFolder folder;
  ModelOptions wider = small_options();
  wider.encoder_ffn_dim = 16;
  save_weights(constant_model(1), folder.path("a"));
  save_weights(constant_model(1, wider), folder.path("b"));
  Transformer model = constant_model(0);
  EXPECT_THROW(load_average(model, {folder.path("a"), folder.path("b")}), ModelError);
}

}  // namespace
}  // namespace dragoman
