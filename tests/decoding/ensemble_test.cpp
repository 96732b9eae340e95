// uses: torch
// Several models that decode together, on both engines.
#include <gtest/gtest.h>

#include "core/error.h"
#include "decoding/packed/packed_engine.h"
#include "decoding/torch/engine_factory.h"
#include "decoding/torch/torch_engine.h"
#include "decoding/translator.h"
#include "tests/support/same_hypotheses.h"
#include "tests/support/small_model.h"

namespace dragoman {
namespace {

using Ids = std::vector<int64_t>;
constexpr int64_t kEnd = 0;

// Models that share only their vocabulary.
std::vector<Transformer> three_models() {
  ModelOptions wide = small_model_options(), pre = small_model_options();
  wide.d_model = 32, wide.decoder_layers = 3, wide.encoder_ffn_dim = 80;
  pre.norm = Norm::kPre, pre.encoder_layers = 1, pre.decoder_attention_heads = 4;
  return {random_model(small_model_options(), 1, 1, 2), random_model(wide, 2, 1, 2),
          random_model(pre, 3, 1, 2)};
}

PackedEngine packed_engine(const std::vector<Transformer>& models, WeightType type = WeightType::kFloat32,
                           int threads = 1, int workers = 1) {
  std::vector<ModelToPack> all;
  for (const auto& model : models) all.push_back({model->options(), stored_weights(model)});
  return {std::move(all), {type, {kSmallPad}, threads, workers}};
}

// Log-probabilities [T,V] of the token after each prefix of `target`, by the modules of model/: softmax of
// the mean of the models' log-probabilities.
torch::Tensor expected_log_probabilities(const std::vector<Transformer>& models, const Ids& source,
                                         Ids target) {
  const torch::NoGradGuard no_grad;
  target.insert(target.begin(), kSmallPad);
  target.pop_back();
  std::vector<torch::Tensor> all;
  for (Transformer model : models) {
    auto logits = model->forward(torch::tensor(source).unsqueeze(0), torch::tensor(target).unsqueeze(0))[0];
    logits.select(1, kSmallPad).fill_(kImpossible);
    all.push_back(logits.log_softmax(1));
  }
  return torch::stack(all).mean(0).log_softmax(1);
}

TEST(Ensemble, ScoresByTheMeanOfItsModelsLogProbabilities) {
  const auto models = three_models();
  const auto sources = random_sentences(8, kSmallVocabulary, 12, 5),
             targets = random_sentences(8, kSmallVocabulary, 12, 6);
  const auto packed = packed_engine(models).score(pointers_to(sources), pointers_to(targets));
  const auto by_torch =
      TorchEngine(models, {kSmallPad}, Precision::kFloat32).score(pointers_to(sources), pointers_to(targets));
  for (size_t i = 0; i < sources.size(); ++i) {
    const auto expected = expected_log_probabilities(models, sources[i], targets[i]);
    ASSERT_EQ(packed[i].size(), targets[i].size());
    ASSERT_EQ(by_torch[i].size(), targets[i].size());
    for (size_t t = 0; t < targets[i].size(); ++t) {
      const auto one = expected[static_cast<int64_t>(t)][targets[i][t]].item<double>();
      EXPECT_NEAR(packed[i][t], one, 1e-4);
      EXPECT_NEAR(by_torch[i][t], one, 1e-4);
    }
  }
}

std::vector<SearchOptions> searches() {
  return {
      {.beam_size = 1},
      {.beam_size = 1, .min_length = 6, .no_repeat_ngram = 2},
      {.beam_size = 4, .n_best = 4},
      {.beam_size = 5, .length_penalty_kind = LengthPenaltyKind::kWu, .n_best = 5, .repetition_penalty = 1.3},
      {.n_best = 3, .sample = true, .temperature = 0.7, .top_k = 12, .seed = 3}};
}

SearchLimits limits_for(size_t count) {
  SearchLimits limits{Ids(count, 15), kEnd};
  for (size_t i = 0; i < count; ++i) limits.keys.push_back(i * i);
  limits.prefixes.assign(count, {});
  limits.prefixes[2] = {7, 7, 9};
  return limits;
}

TEST(Ensemble, BothEnginesFindTheSame) {
  const auto models = three_models();
  const PackedEngine packed = packed_engine(models);
  const TorchEngine by_torch(models, {kSmallPad}, Precision::kFloat32);
  const auto rows = random_sentences(12, kSmallVocabulary, 12, 7);
  const SearchLimits limits = limits_for(rows.size());
  int64_t other_than_the_first = 0;
  const PackedEngine first = packed_engine({models[0]});
  for (const auto& options : searches()) {
    const auto expected = by_torch.search(pointers_to(rows), options, limits);
    const auto given = packed.search(pointers_to(rows), options, limits),
               alone = first.search(pointers_to(rows), options, limits);
    for (size_t i = 0; i < rows.size(); ++i) {
      expect_same_hypotheses(given[i], expected[i], "sentence " + std::to_string(i));
      other_than_the_first += given[i][0].ids != alone[i][0].ids;
    }
  }
  EXPECT_GT(other_than_the_first, 30);  // of 60: the others are heard
}

TEST(Ensemble, OfAModelWithItselfIsTheModel) {
  const Transformer model = random_model(small_model_options(), 1, 1, 2);
  const PackedEngine alone = packed_engine({model}), twice = packed_engine({model, model});
  const auto rows = random_sentences(12, kSmallVocabulary, 12, 8);
  const SearchLimits limits = limits_for(rows.size());
  for (const auto& options : searches()) {
    if (options.repetition_penalty != 1) continue;  // works on logits, whose zero an ensemble moves
    const auto expected = alone.search(pointers_to(rows), options, limits),
               given = twice.search(pointers_to(rows), options, limits);
    for (size_t i = 0; i < rows.size(); ++i)
      expect_same_hypotheses(given[i], expected[i], "sentence " + std::to_string(i));
  }
}

TEST(Ensemble, HypothesesAreBitForBitTheSameForAnyBatchThreadsAndWorkers) {
  const auto models = three_models();
  const auto rows = random_sentences(20, kSmallVocabulary, 12, 9);
  const SearchLimits limits{Ids(rows.size(), 15), kEnd};
  for (const WeightType type : {WeightType::kFloat32, WeightType::kBFloat16, WeightType::kInt8}) {
    const PackedEngine plain = packed_engine(models, type), many = packed_engine(models, type, 3, 2);
    for (const int64_t beams : {1, 4}) {
      const SearchOptions options{.beam_size = beams, .n_best = beams};
      const auto together = plain.search(pointers_to(rows), options, limits),
                 shared = many.search(pointers_to(rows), options, limits);
      for (size_t i = 0; i < rows.size(); ++i) {
        EXPECT_TRUE(identical(plain.search({&rows[i]}, options, {{15}, kEnd})[0], together[i])) << i;
        EXPECT_TRUE(identical(shared[i], together[i])) << i;
      }
    }
  }
}

std::string refusal(const std::vector<ModelFolder>& folders) {
  try {
    const Translator translator(folders, {}, engine_on(torch::kCPU));
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(Ensemble, OfDifferentVocabulariesIsRefusedNamingThePiece) {
  const ModelFolder plain = small_folder();
  EXPECT_EQ(refusal({plain, small_folder({.seed = 2})}), "");
  EXPECT_NE(refusal({plain, small_folder({.language_codes = {">>de<<"}})}).find("pieces"), std::string::npos);
  const std::string target = refusal({plain, small_folder({.separate_vocabularies = true})});
  EXPECT_NE(target.find("[--model] expected models of one vocabulary"), std::string::npos) << target;
  EXPECT_NE(target.find("for the id"), std::string::npos) << target;
}

}  // namespace
}  // namespace dragoman
