// Our Transformer against the independent one of tests/reference/make_transformer_case.py.
// uses: torch
#include <gtest/gtest.h>

#include <map>

#include "core/files.h"
#include "core/json.h"
#include "folder/config.h"
#include "folder/safetensors.h"
#include "folder/weight_names.h"
#include "model/weights.h"
#include "tests/model/small_model.h"
#include "training/adam.h"
#include "training/loss.h"

namespace dragoman {
namespace {

using nlohmann::json;

constexpr double kTolerance = 1e-5;

const json& reference() {
  static const json file =
      read_json_file(DRAGOMAN_TEST_DIR "/reference/transformer_cases.json", ErrorKind::kData);
  return file;
}

torch::Tensor floats(const json& numbers, at::IntArrayRef shape) {
  return torch::tensor(numbers.get<std::vector<float>>()).reshape(shape);
}

torch::Tensor ids(const json& rows) {
  std::vector<torch::Tensor> all;
  for (const auto& row : rows) all.push_back(torch::tensor(row.get<std::vector<int64_t>>(), torch::kInt64));
  return torch::stack(all);
}

// The case's model, by way of the files of a model folder.
Transformer load_case(const json& example) {
  const TemporaryFolder folder;
  std::vector<std::vector<float>> numbers;
  std::vector<TensorToWrite> tensors;
  for (const auto& [name, values] : example.at("weights").items()) {
    numbers.push_back(values.get<std::vector<float>>());
    tensors.push_back(
        {name,
         DataType::kFloat32,
         example.at("shapes").at(name).get<std::vector<int64_t>>(),
         {reinterpret_cast<const char*>(numbers.back().data()), numbers.back().size() * sizeof(float)}});
  }
  write_safetensors(folder.path("model.safetensors"), tensors);
  ModelOptions options = parse_model_config(example.at("config"), "config");
  options.dropout = 0;
  Transformer model(options);
  load_weights(model, folder.path("model.safetensors"));
  return model;  // in training mode: dropout is 0, and dropout is all that differs
}

// Trained parameters by the names of the file.
std::map<std::string, torch::Tensor> trained(const Transformer& model) {
  const auto parameters = model->named_parameters();
  std::map<std::string, torch::Tensor> result;
  for (const auto& name : weight_names(model->options())) {
    if (const auto* parameter = parameters.find(name.ours)) result[name.file] = *parameter;
  }
  return result;
}

LossSums loss_of(const json& example, const torch::Tensor& logits, int64_t pad) {
  return label_smoothed_cross_entropy(logits, ids(example.at("labels")), pad,
                                      reference().at("epsilon").get<double>());
}

TEST(Reference, LogitsLossAndEveryGradientAgreeInEveryCase) {
  ASSERT_EQ(reference().at("cases").size(), 4u);
  for (const auto& example : reference().at("cases")) {
    SCOPED_TRACE(example.at("name"));
    Transformer model = load_case(example);
    const auto logits = model->forward(ids(example.at("source")), ids(example.at("decoder_input")));
    EXPECT_TRUE(close(logits, floats(example.at("logits"), logits.sizes()), kTolerance));
    const auto sums = loss_of(example, logits, model->options().target_pad_id());
    EXPECT_NEAR(sums.smoothed.item<double>(), example.at("smoothed").get<double>(), kTolerance);
    EXPECT_NEAR(sums.cross_entropy.item<double>(), example.at("cross_entropy").get<double>(), kTolerance);
    sums.smoothed.backward();
    const auto parameters = trained(model);
    ASSERT_EQ(parameters.size(), example.at("gradients").size());
    for (const auto& [name, gradient] : example.at("gradients").items()) {
      const auto& parameter = parameters.at(name);
      EXPECT_TRUE(close(parameter.grad(), floats(gradient, parameter.sizes()), kTolerance)) << name;
    }
  }
}

TEST(Reference, TheParametersAfterOneAdamUpdateAgree) {
  const auto& example = reference().at("cases").at(0);
  const auto& settings = reference().at("adam");
  Transformer model = load_case(example);
  Adam optimiser(model, AdamOptions{settings.at("beta1"), settings.at("beta2"), settings.at("epsilon")});
  // The reference's own gradients: a key's bias has gradient zero (it moves all scores of a row alike), and
  // Adam's first step is the sign of whatever rounding leaves of it.
  auto parameters = trained(model);
  for (auto& [name, parameter] : parameters) {
    parameter.mutable_grad() = floats(example.at("gradients").at(name), parameter.sizes());
  }
  optimiser.step(settings.at("learning_rate"));
  for (const auto& [name, parameter] : parameters) {
    EXPECT_TRUE(close(parameter, floats(example.at("after_adam").at(name), parameter.sizes()), 1e-6)) << name;
  }
}

}  // namespace
}  // namespace dragoman
