// Encoder, decoder and the whole: what must hold of every Transformer. Its numbers: reference_test.cpp.
// uses: torch
#include "model/transformer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "model/masks.h"
#include "tests/model/small_model.h"
#include "training/adam.h"
#include "training/loss.h"

namespace dragoman {
namespace {

ModelOptions pre_norm_options() {
  ModelOptions o = small_options();
  o.norm = Norm::kPre;
  return o;
}

// A model in evaluation mode.
Transformer made(const ModelOptions& options, uint64_t seed = 1) {
  torch::manual_seed(seed);
  Transformer model(options);
  model->eval();
  return model;
}

std::set<std::string> parameter_names(const Transformer& model) {
  std::set<std::string> names;
  for (const auto& item : model->named_parameters()) names.insert(item.key());
  return names;
}

TEST(Encoder, PaddingOfTheSourceIsNeverAttendedTo) {
  for (const auto& options : {small_options(), pre_norm_options()}) {
    torch::manual_seed(2);
    Encoder encoder(options);
    encoder->eval();
    const auto x = torch::randn({2, 5, 8});
    auto mask = torch::ones({2, 1, 1, 5}, torch::kBool);
    mask[1].narrow(-1, 3, 2).fill_(false);
    auto changed = x.clone();
    changed[1].narrow(0, 3, 2).fill_(50);
    const auto memory = encoder->forward(x, mask), other = encoder->forward(changed, mask);
    EXPECT_TRUE(close(other[0], memory[0], 0));
    EXPECT_TRUE(close(other[1].narrow(0, 0, 3), memory[1].narrow(0, 0, 3), 1e-6));
    EXPECT_FALSE(close(encoder->forward(changed, torch::Tensor())[1][0], memory[1][0], 1e-3));
  }
}

TEST(Decoder, LaterTargetTokensDoNotChangeEarlierLogits) {
  for (const auto& options : {small_options(), pre_norm_options(), separate_options()}) {
    Transformer model = made(options);
    const auto source = random_ids(3, 6), target = random_ids(3, 7);
    const auto logits = model->forward(source, target);
    for (int64_t t = 0; t < 7; ++t) {
      auto changed = target.clone();
      changed.narrow(1, t, 7 - t).copy_(random_ids(3, 7 - t).add(1).remainder(10));
      const auto other = model->forward(source, changed);
      EXPECT_TRUE(close(other.narrow(1, 0, t), logits.narrow(1, 0, t), 1e-5)) << t;
      // Shorter targets as well: the prefix alone gives the same.
      EXPECT_TRUE(close(model->forward(source, target.narrow(1, 0, t + 1)), logits.narrow(1, 0, t + 1), 1e-5))
          << t;
    }
    auto changed = target.clone();
    changed.select(1, 2).add_(1);
    EXPECT_FALSE(
        close(model->forward(source, changed).select(1, 2), logits.select(1, 2), 1e-3));  // its own is seen
    EXPECT_FALSE(close(model->forward(source, changed).select(1, 6), logits.select(1, 6),
                       1e-3));  // and an earlier one
  }
}

TEST(Decoder, EverySourceTokenCanChangeTheLogits) {
  Transformer model = made(small_options());
  const auto source = random_ids(1, 5), target = random_ids(1, 3);
  const auto logits = model->forward(source, target);
  for (int64_t s = 0; s < 5; ++s) {
    auto changed = source.clone();
    changed.select(1, s).add_(1);
    EXPECT_FALSE(close(model->forward(changed, target)[0][0], logits[0][0], 1e-4)) << s;
  }
}

TEST(Transformer, PaddingOfTheSourceDoesNotChangeLogits) {
  for (const auto& options : {small_options(), pre_norm_options(), separate_options()}) {
    Transformer model = made(options);
    const auto source = random_ids(2, 5), target = random_ids(2, 4);
    const auto logits = model->forward(source, target);
    for (const int64_t more : {1, 7, 300}) {
      const auto padding = torch::full({2, more}, options.source_pad_id(), torch::kInt64);
      EXPECT_TRUE(close(model->forward(torch::cat({source, padding}, 1), target), logits, 1e-5)) << more;
    }
  }
}

TEST(Transformer, ASentenceIsNotChangedByTheOthersOfItsBatch) {
  Transformer model = made(small_options());
  const auto source = random_ids(3, 5), target = random_ids(3, 4);
  const auto together = model->forward(source, target);
  for (int64_t b = 0; b < 3; ++b) {
    EXPECT_TRUE(close(model->forward(source.narrow(0, b, 1), target.narrow(0, b, 1)),
                      together.narrow(0, b, 1), 1e-5));
  }
}

TEST(Transformer, TakesSequencesOfAnyLength) {
  Transformer model = made(small_options());
  for (const auto& [source, target] : {std::pair{1, 1}, {1, 700}, {700, 1}, {257, 256}}) {
    const auto logits = model->forward(random_ids(2, source), random_ids(2, target));
    EXPECT_EQ(logits.sizes(), (std::vector<int64_t>{2, target, 13}));
    EXPECT_TRUE(logits.isfinite().all().item<bool>()) << source << " " << target;
  }
}

TEST(Transformer, ASourceOfPaddingAloneGivesNoNanInLogitsAndGradients) {
  for (const auto& options : {small_options(), pre_norm_options()}) {
    Transformer model = made(options);
    auto source = random_ids(2, 4);
    source[1].fill_(options.source_pad_id());
    const auto labels = random_ids(2, 3);
    const auto logits = model->forward(source, random_ids(2, 3));
    label_smoothed_cross_entropy(logits, labels, options.pad_token_id, 0.1).smoothed.backward();
    EXPECT_TRUE(logits.isfinite().all().item<bool>());
    for (const auto& parameter : model->parameters())
      EXPECT_TRUE(parameter.grad().isfinite().all().item<bool>());
  }
}

TEST(Transformer, ForwardIsEncodeThenDecodeAndChangesNoInput) {
  Transformer model = made(small_options());
  const auto source = random_ids(2, 5), target = random_ids(2, 4), source_before = source.clone(),
             target_before = target.clone();
  const auto memory = model->encode(source);
  EXPECT_EQ(memory.sizes(), (std::vector<int64_t>{2, 5, 8}));
  EXPECT_TRUE(close(model->decode(target, memory, source), model->forward(source, target), 0));
  EXPECT_TRUE(source.equal(source_before));
  EXPECT_TRUE(target.equal(target_before));
}

TEST(Transformer, TheSeedAloneFixesTheInitialWeights) {
  const auto one = made(small_options(), 5), again = made(small_options(), 5),
             other = made(small_options(), 6);
  const auto a = one->named_parameters(), b = again->named_parameters(), c = other->named_parameters();
  for (const auto& item : a) EXPECT_TRUE(item.value().equal(b[item.key()])) << item.key();
  EXPECT_FALSE(
      a["encoder.layers.0.feed_forward.inner.weight"].equal(c["encoder.layers.0.feed_forward.inner.weight"]));
}

TEST(Transformer, DropoutWorksInTrainingOnly) {
  ModelOptions options = small_options();
  options.dropout = 0.3;
  Transformer model = made(options);
  const auto source = random_ids(2, 5), target = random_ids(2, 4);
  EXPECT_TRUE(close(model->forward(source, target), model->forward(source, target), 0));
  model->train();
  EXPECT_FALSE(close(model->forward(source, target), model->forward(source, target), 1e-4));
}

TEST(Transformer, TiesSayWhichParametersExist) {
  for (const bool shared : {true, false}) {
    for (const bool tied : {true, false}) {
      ModelOptions options = shared ? small_options() : separate_options();
      options.tie_word_embeddings = tied;
      Transformer model = made(options);
      const auto names = parameter_names(model);
      EXPECT_EQ(names.count("embedding.weight"), shared ? 1u : 0u);
      EXPECT_EQ(names.count("source_embedding.weight"), shared ? 0u : 1u);
      EXPECT_EQ(names.count("target_embedding.weight"), shared ? 0u : 1u);
      EXPECT_EQ(names.count("output_projection.weight"), tied ? 0u : 1u);
      EXPECT_EQ(names.count("output_projection.bias"), 0u);  // given with a model, not trained
      EXPECT_EQ(model->source_embedding_->weight().is_same(model->target_embedding_->weight()), shared);
      EXPECT_EQ(model->output_projection_->weight().is_same(model->target_embedding_->weight()), tied);
    }
  }
}

TEST(Transformer, TiesHoldAfterAMove) {
  Transformer model = made(small_options());
  model->move_to(torch::kCPU);
  const torch::NoGradGuard no_grad;
  model->target_embedding_->weight()[3].fill_(7);
  EXPECT_TRUE(close(model->output_projection_->weight()[3], torch::full({8}, 7), 0));
  EXPECT_TRUE(close(model->source_embedding_->weight()[3], torch::full({8}, 7), 0));
}

TEST(Transformer, OnlyPreNormHasFinalNorms) {
  const auto post = parameter_names(made(small_options())), pre = parameter_names(made(pre_norm_options()));
  std::set<std::string> more;
  std::set_difference(pre.begin(), pre.end(), post.begin(), post.end(), std::inserter(more, more.end()));
  EXPECT_EQ(more, (std::set<std::string>{"encoder.final_norm.weight", "encoder.final_norm.bias",
                                         "decoder.final_norm.weight", "decoder.final_norm.bias"}));
  EXPECT_EQ(pre.size(), post.size() + 4);
}

TEST(Transformer, TheFinalNormNormalisesTheMemory) {
  Transformer model = made(pre_norm_options());
  const auto memory = model->encode(random_ids(2, 5));
  EXPECT_TRUE(close(memory.mean(-1), torch::zeros({2, 5}), 1e-5));
  EXPECT_TRUE(close(memory.var(-1, /*unbiased=*/false), torch::ones({2, 5}), 1e-3));
}

TEST(Transformer, ParametersAreAsManyAsTheFormulaSays) {
  for (const Norm norm : {Norm::kPost, Norm::kPre}) {
    for (const bool shared : {true, false}) {
      for (const bool tied : {true, false}) {
        ModelOptions options = shared ? small_options() : separate_options();
        options.norm = norm, options.tie_word_embeddings = tied;
        options.encoder_layers = 3, options.decoder_ffn_dim = 20;
        EXPECT_EQ(Transformer(options)->parameter_count(), parameter_count(options));
      }
    }
  }
}

TEST(Transformer, PresetsHaveTheParametersOfTheFormula) {
  for (const std::string name : {"tiny", "small"}) {  // the large ones are the same code
    ModelOptions options = model_preset(name);
    options.vocab_size = options.decoder_vocab_size = 101, options.pad_token_id = 100;
    EXPECT_EQ(Transformer(options)->parameter_count(), parameter_count(options)) << name;
  }
  // The paper counts 65 and 213 million (table 3) with a vocabulary of about 37000.
  for (const auto& [name, millions] : {std::pair{"base", 65}, {"big", 213}}) {
    ModelOptions options = model_preset(name);
    options.vocab_size = options.decoder_vocab_size = 37000, options.pad_token_id = 36999;
    EXPECT_NEAR(static_cast<double>(parameter_count(options)) / 1e6, millions, 0.03 * millions) << name;
  }
}

TEST(Transformer, ThePaddingRowStaysZeroAndItsLogitWithoutGradientWhileATiedModelLearns) {
  Transformer model = made(small_options());
  model->train();
  Adam optimiser(model, AdamOptions());
  auto source = random_ids(2, 4), labels = random_ids(2, 3);
  source[0][3] = labels[1][2] = 12;
  const auto decoder_input = torch::cat({torch::full({2, 1}, 12, torch::kInt64), labels.narrow(1, 0, 2)}, 1);
  const auto before = model->target_embedding_->weight().detach().clone();
  double first = 0, last = 0;
  for (int step = 0; step < 20; ++step) {
    model->zero_grad();
    const auto loss =
        label_smoothed_cross_entropy(model->forward(source, decoder_input), labels, 12, 0.1).smoothed;
    loss.backward();
    optimiser.step(1e-2);
    last = loss.item<double>();
    if (step == 0) first = last;
  }
  EXPECT_LT(last, first - 1);
  EXPECT_TRUE(close(model->target_embedding_->weight()[12], torch::zeros({8}), 0));
  EXPECT_FALSE(close(model->target_embedding_->weight()[0], before[0], 1e-3));  // the others move
}

}  // namespace
}  // namespace dragoman
