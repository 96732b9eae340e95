// uses: torch
// Compares the packed engine with the modules of model/ (logits) and with the LibTorch engine (hypotheses).
#include "decoding/packed/packed_engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "decoding/torch/engine_factory.h"
#include "decoding/torch/torch_engine.h"
#include "tests/support/same_hypotheses.h"
#include "tests/support/small_model.h"

namespace dragoman {
namespace {

using Ids = std::vector<int64_t>;
constexpr int64_t kPackedEnd = 0;

PackedEngineOptions engine_options(const Transformer& model, WeightType type = WeightType::kFloat32) {
  return {type, {model->options().target_pad_id()}, 1, 1};
}

PackedEngine engine_of(const Transformer& model, WeightType type = WeightType::kFloat32,
                       const Kernels& chosen = kernels()) {
  return {model->options(), stored_weights(model), engine_options(model, type), chosen};
}

// [tokens+1,V] of the modules of model/.
torch::Tensor modules_logits(Transformer model, const Ids& source, Ids tokens) {
  const torch::NoGradGuard no_grad;
  tokens.insert(tokens.begin(), model->options().target_pad_id());
  return model->forward(torch::tensor(source).unsqueeze(0), torch::tensor(tokens).unsqueeze(0))[0];
}

// The largest difference from the modules over all logits except those of <pad>.
double largest_difference(const PackedEngine& engine, const Transformer& model, const Ids& source,
                          const Ids& tokens) {
  const auto packed = engine.forced_logits(source, tokens);
  const auto expected = modules_logits(model, source, tokens);
  double most = 0;
  for (size_t t = 0; t < packed.size(); ++t) {
    for (size_t v = 0; v + 1 < packed[t].size(); ++v) {
      const double difference = std::abs(
          double{packed[t][v]} - expected[static_cast<int64_t>(t)][static_cast<int64_t>(v)].item<double>());
      most = std::max(most, std::isnan(difference) ? 1e9 : difference);
    }
  }
  return most;
}

ModelOptions shaped(int64_t d_model, int64_t heads, int64_t width,
                    ActivationFunction activation = ActivationFunction::kRelu) {
  ModelOptions options = small_model_options();
  options.d_model = d_model;
  options.encoder_attention_heads = options.decoder_attention_heads = heads;
  options.encoder_ffn_dim = options.decoder_ffn_dim = width;
  options.activation_function = activation;
  return options;
}

std::vector<ModelOptions> shapes_to_try() {
  std::vector<ModelOptions> all = {shaped(16, 2, 32), shaped(64, 2, 80, ActivationFunction::kGelu),
                                   shaped(20, 5, 33, ActivationFunction::kSilu),
                                   shaped(6, 1, 7, ActivationFunction::kSwish)};
  for (const bool pre : {false, true}) {
    ModelOptions options = shaped(32, 4, 48);
    options.norm = pre ? Norm::kPre : Norm::kPost;
    options.encoder_layers = 3, options.decoder_layers = 1;
    options.encoder_ffn_dim = 24;
    options.encoder_attention_heads = 2;
    options.scale_embedding = pre;
    options.tie_word_embeddings = pre;
    all.push_back(options);
    options.share_encoder_decoder_embeddings = false;
    options.vocab_size = 41;
    options.tie_word_embeddings = !pre;
    all.push_back(options);
  }
  return all;
}

TEST(PackedEngine, GivesTheModulesLogitsForEveryShapeAndKernel) {
  const Ids tokens = {5, 3, 9, 9, 1, 22, 7, 7, 2};
  for (const auto& options : shapes_to_try()) {
    const Transformer model = random_model(options, 3, 0, 2);
    for (const Kernels* one : available_kernels()) {
      const PackedEngine engine = engine_of(model, WeightType::kFloat32, *one);
      for (const Ids& source : {Ids{4, 8, 15, 16, 23, 0}, Ids{0}, random_sentences(1, 29, 60)[0]}) {
        EXPECT_LT(largest_difference(engine, model, source, tokens), 1e-4)
            << one->name << ", D " << options.d_model << ", " << name_of(options.norm) << ", "
            << name_of(options.activation_function);
      }
    }
  }
}

TEST(PackedEngine, GivesTheModulesLogitsPast512Positions) {
  const Transformer model = random_model(small_model_options(), 2);
  const Ids source = {4, 5, 6, 0}, tokens(530, 7);
  EXPECT_LT(largest_difference(engine_of(model), model, source, tokens), 1e-4);
}

TEST(PackedEngine, SmallerWeightsStayCloseToTheModules) {
  for (const auto& options : shapes_to_try()) {
    const Transformer model = random_model(options, 3);
    const Ids source = {4, 8, 15, 16, 23, 0}, tokens = {5, 3, 9, 9, 1, 22};
    const double spread = modules_logits(model, source, tokens).std().item<double>();
    const double int8 = largest_difference(engine_of(model, WeightType::kInt8), model, source, tokens),
                 bfloat16 =
                     largest_difference(engine_of(model, WeightType::kBFloat16), model, source, tokens);
    EXPECT_LT(int8, 0.06 * spread);
    EXPECT_LT(bfloat16, 0.06 * spread);
    EXPECT_GT(int8, 1e-5);
    EXPECT_GT(bfloat16, 1e-5);
  }
}

TEST(PackedEngine, NeverChoosesAForbiddenToken) {
  const Transformer model = random_model(small_model_options());
  PackedEngineOptions options = engine_options(model);
  options.forbidden = {3, kSmallPad};
  const PackedEngine engine(model->options(), stored_weights(model), options);
  for (const auto& row : engine.forced_logits({4, 5, 0}, {6, 6})) {
    EXPECT_EQ(row[3], -std::numeric_limits<float>::infinity());
    EXPECT_EQ(row[static_cast<size_t>(kSmallPad)], -std::numeric_limits<float>::infinity());
    EXPECT_TRUE(std::isfinite(row[4]));
  }
}

TEST(PackedEngine, FindsTheHypothesesOfTheLibTorchEngine) {
  const std::vector<SearchOptions> searches = {
      {.beam_size = 1},
      {.beam_size = 1, .min_length = 6, .no_repeat_ngram = 2},
      {.beam_size = 4, .n_best = 4},
      {.beam_size = 3, .length_penalty = 0.5, .n_best = 2, .search_until = SearchUntil::kExact},
      {.beam_size = 3, .n_best = 3, .search_until = SearchUntil::kFirst, .word_penalty = 0.2},
      {.beam_size = 3, .n_best = 2, .repetition_penalty = 1.4},
      {.beam_size = 3, .renormalize = false, .suppressed = {5, 9}, .begin_suppressed = {7}},
      {.beam_size = 2, .n_best = 2, .ends = {0, 4}, .forced_begin = 6, .forced_ends = {0}},
      {.beam_size = 1, .ends = {0, 4}, .forced_ends = {0}},
      {.beam_size = 5,
       .length_penalty_kind = LengthPenaltyKind::kWu,
       .min_length = 4,
       .n_best = 5,
       .no_repeat_ngram = 3},
      {.beam_size = 40, .n_best = 10},  // more than there are tokens; its last ones are decided by ties
      {.beam_size = 4, .n_best = 2, .repetition_penalty = 1.5},
      {.beam_size = 4, .n_best = 4, .diversity_rate = 0.7},
      {.n_best = 3, .sample = true, .temperature = 0.7, .top_k = 12, .top_p = 0.9, .seed = 3},
  };
  int64_t ended = 0;
  for (const uint64_t seed : {1, 2, 3}) {
    const Transformer model = random_model(small_model_options(), seed, 2, 2);
    const TorchEngine by_torch({model}, {kSmallPad}, Precision::kFloat32);
    const PackedEngine engine = engine_of(model);
    const auto rows = random_sentences(12, kSmallVocabulary);
    SearchLimits limits{Ids(rows.size(), 20), kPackedEnd};
    limits.lengths[3] = 1, limits.lengths[4] = 5;
    for (size_t i = 0; i < rows.size(); ++i) limits.keys.push_back(i * i);
    if (seed == 2) {
      limits.prefixes.assign(rows.size(), {});
      limits.prefixes[2] = {7, 7, 9}, limits.prefixes[6] = {4};
    }
    if (seed == 3) limits.forbidden = {{5, 6}, {9, 9}};
    for (const auto& options : searches) {
      const auto expected = by_torch.search(pointers_to(rows), options, limits);
      const auto given = engine.search(pointers_to(rows), options, limits);
      ASSERT_EQ(given.size(), expected.size());
      for (size_t i = 0; i < rows.size(); ++i) {
        expect_same_hypotheses(
            given[i], expected[i],
            "beam " + std::to_string(options.beam_size) + ", sentence " + std::to_string(i));
        ended += given[i][0].complete;
      }
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(ended, 50);
}

// Wide enough that the threads share loops.
TEST(PackedEngine, HypothesesAreBitForBitTheSameForAnyBatchThreadsAndWorkers) {
  ModelOptions shape = shaped(64, 4, 256);
  shape.vocab_size = shape.decoder_vocab_size = 300, shape.pad_token_id = 299;
  const Transformer model = random_model(shape, 5, 3, 2);
  const auto rows = random_sentences(20, 299, 30);
  for (const WeightType type : {WeightType::kFloat32, WeightType::kBFloat16, WeightType::kInt8}) {
    const PackedEngine plain = engine_of(model, type);
    PackedEngineOptions many = engine_options(model, type);
    many.threads = 3, many.workers = 2;
    const PackedEngine threaded(model->options(), stored_weights(model), many);
    EXPECT_EQ(threaded.workers(), 2);
    for (const int64_t beams : {1, 4}) {
      const SearchOptions options{.beam_size = beams, .n_best = beams};
      const SearchLimits limits{Ids(rows.size(), 25), kPackedEnd};
      const auto together = plain.search(pointers_to(rows), options, limits);
      const auto shared = threaded.search(pointers_to(rows), options, limits);
      for (size_t i = 0; i < rows.size(); ++i) {
        const auto alone = plain.search({&rows[i]}, options, {{25}, kPackedEnd});
        EXPECT_TRUE(identical(alone[0], together[i])) << "sentence " << i << ", beam " << beams;
        EXPECT_TRUE(identical(shared[i], together[i])) << "sentence " << i << ", beam " << beams;
      }
    }
  }
}

TEST(PackedEngine, SamplesDependOnlyOnTheSentenceAndTheSeed) {
  const Transformer model = random_model(small_model_options(), 1, 1, 2);
  const auto rows = random_sentences(20, kSmallVocabulary);
  PackedEngineOptions many = engine_options(model);
  many.threads = 3;
  const PackedEngine plain = engine_of(model), threaded(model->options(), stored_weights(model), many);
  SearchOptions options{.n_best = 3, .sample = true};
  SearchLimits limits{Ids(rows.size(), 20), kPackedEnd};
  for (size_t i = 0; i < rows.size(); ++i) limits.keys.push_back(100 + i);
  const auto together = plain.search(pointers_to(rows), options, limits),
             shared = threaded.search(pointers_to(rows), options, limits);
  options.seed = 2;
  const auto other_seed = plain.search(pointers_to(rows), options, limits);
  options.seed = 1;
  int64_t changed = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto alone = plain.search({&rows[i]}, options, limits.part(i, rows.size()));
    EXPECT_TRUE(identical(alone[0], together[i])) << i;
    EXPECT_TRUE(identical(shared[i], together[i])) << i;
    EXPECT_NE(together[i][0].ids, together[i][1].ids) << i;
    changed += !identical(together[i], other_seed[i]);
  }
  EXPECT_GT(changed, 15);
}

TEST(PackedEngine, DiversityChangesListsAndNotScores) {
  const Transformer model = random_model(small_model_options(), 1, 1, 2);
  const PackedEngine engine = engine_of(model);
  const auto rows = random_sentences(10, kSmallVocabulary);
  const SearchLimits limits{Ids(rows.size(), 12), kPackedEnd};
  const auto plain = engine.search(pointers_to(rows), {.beam_size = 4, .n_best = 4}, limits),
             diverse =
                 engine.search(pointers_to(rows), {.beam_size = 4, .n_best = 4, .diversity_rate = 2}, limits);
  int64_t changed = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    changed += !identical(plain[i], diverse[i]);
    for (const auto& hypothesis : diverse[i]) {
      if (!hypothesis.complete) continue;
      Ids target = hypothesis.ids;
      target.push_back(kPackedEnd);
      double sum = 0;
      for (const double one : engine.score({&rows[i]}, {&target})[0]) sum += one;
      EXPECT_NEAR(sum, hypothesis.log_probability, 1e-4);
    }
  }
  EXPECT_GT(changed, 5);
}

TEST(PackedEngine, ScoresAsTheModulesInAnyBatch) {
  const Transformer model = random_model(small_model_options(), 4, 1, 2);
  const PackedEngine engine = engine_of(model);
  const auto rows = random_sentences(9, kSmallVocabulary),
             targets = random_sentences(9, kSmallVocabulary, 20);
  const auto together = engine.score(pointers_to(rows), pointers_to(targets));
  const auto folder_engine = TorchEngine({model}, {kSmallPad}, Precision::kFloat32);
  const auto by_torch = folder_engine.score(pointers_to(rows), pointers_to(targets));
  for (size_t i = 0; i < rows.size(); ++i) {
    ASSERT_EQ(together[i].size(), targets[i].size());
    const Ids before(targets[i].begin(), targets[i].end() - 1);
    auto logits = modules_logits(model, rows[i], before);
    logits.select(1, kSmallPad).fill_(-std::numeric_limits<float>::infinity());
    const auto expected = logits.log_softmax(1);
    for (size_t t = 0; t < targets[i].size(); ++t) {
      EXPECT_NEAR(together[i][t], expected[static_cast<int64_t>(t)][targets[i][t]].item<double>(), 1e-4);
      EXPECT_NEAR(by_torch[i][t], together[i][t], 1e-4);
    }
    EXPECT_EQ(engine.score({&rows[i]}, {&targets[i]})[0], together[i]);
  }
}

// A model's tensors and its file give the same engine.
TEST(PackedEngine, ReadsAMappedFolderAsItReadsAModel) {
  const TemporaryFolder temporary;
  write_small_folder(temporary.path("model"));
  const LoadedModelFolder folder = load_model_folder(temporary.path("model"), torch::kCPU);
  const Ids source = {5, 6, 0};
  const SearchOptions options{.beam_size = 3, .n_best = 3};
  const auto loaded = engine_over(folder.model)({folder}, {})->search({&source}, options, {{20}, kPackedEnd}),
             mapped = engine_on(torch::kCPU)({folder}, {})->search({&source}, options, {{20}, kPackedEnd});
  EXPECT_TRUE(identical(loaded[0], mapped[0]));
}

}  // namespace
}  // namespace dragoman
