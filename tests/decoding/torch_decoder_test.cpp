// uses: torch
#include "decoding/torch/torch_decoder.h"

#include <gtest/gtest.h>

#include "tests/support/small_model.h"

namespace dragoman {
namespace {

ModelOptions options_with_norm(Norm norm) {
  ModelOptions options = small_model_options();
  options.norm = norm;
  return options;
}

using Sentences = std::vector<std::vector<int64_t>>;

Sentences sources(const std::vector<int64_t>& lengths, uint64_t seed = 1) {
  SplitMix64 random(seed);
  Sentences rows;
  for (const int64_t length : lengths) {
    rows.emplace_back();
    for (int64_t i = 0; i + 1 < length; ++i)
      rows.back().push_back(1 + static_cast<int64_t>(random.below(28)));
    rows.back().push_back(0);
  }
  return rows;
}

// [rows,T] ids with the start token of a decoder input.
torch::Tensor prefixes(int64_t rows, int64_t length) {
  auto ids = torch::randint(0, kSmallPad, {rows, length}, torch::kInt64);
  ids.select(1, 0).fill_(kSmallPad);
  return ids;
}

// The modules' logits for the last token of each row of `prefix` [rows,T]: [rows,V]. sentences: of each row.
torch::Tensor by_the_modules(Transformer model, const Sentences& source,
                             const std::vector<int64_t>& sentences, const torch::Tensor& prefix) {
  const torch::NoGradGuard no_grad;
  const int64_t pad = model->options().source_pad_id();
  const auto repeated = padded_rows(source, pad).index_select(0, torch::tensor(sentences));
  return model->forward(repeated, prefix).select(1, prefix.size(1) - 1);
}

void expect_close(const torch::Tensor& logits, const torch::Tensor& expected, const std::string& where) {
  ASSERT_EQ(logits.sizes(), expected.sizes()) << where;
  const auto known = logits.narrow(1, 0, kSmallPad), expected_known = expected.narrow(1, 0, kSmallPad);
  EXPECT_LT((known - expected_known).abs().max().item<float>(), 1e-5) << where;
}

// One step: each row reads its token. Returns [rows,V].
torch::Tensor step(TorchDecoder& decoder, const std::vector<DecoderRow>& rows) {
  auto logits = torch::empty({std::ssize(rows), decoder.vocabulary()});
  decoder.step(rows).for_each_row([&](int64_t r, const float* row) {
    std::copy_n(row, decoder.vocabulary(), logits[r].mutable_data_ptr<float>());
  });
  return logits;
}

// Each row continues itself. sentences: of each row; tokens: [rows].
torch::Tensor step(TorchDecoder& decoder, const std::vector<int64_t>& sentences,
                   const torch::Tensor& tokens) {
  std::vector<DecoderRow> rows;
  for (int64_t r = 0; r < std::ssize(sentences); ++r)
    rows.push_back({r, sentences[r], tokens[r].item<int64_t>()});
  return step(decoder, rows);
}

// The logits for the last token of each row of `prefix` [rows,T].
torch::Tensor step_through(TorchDecoder& decoder, const Sentences& source,
                           const std::vector<int64_t>& sentences, const torch::Tensor& prefix) {
  decoder.start(pointers_to(source));
  torch::Tensor logits;
  for (int64_t t = 0; t < prefix.size(1); ++t) logits = step(decoder, sentences, prefix.select(1, t));
  return logits;
}

// 0 0 1 1 2 2 for three sentences of two rows.
std::vector<int64_t> rows_of_each(int64_t sentences, int64_t rows) {
  std::vector<int64_t> all;
  for (int64_t i = 0; i < sentences; ++i) all.insert(all.end(), rows, i);
  return all;
}

// Every step against the modules' logits for the whole input, whose position t sees the prefix of t+1 tokens.
void expect_each_step_equal(const ModelOptions& options, const Sentences& source, int64_t beams,
                            int64_t length) {
  const torch::NoGradGuard no_grad;
  Transformer model = random_model(options);
  TorchDecoder decoder(model, {kSmallPad});
  const auto sentences = rows_of_each(std::ssize(source), beams);
  const auto prefix = prefixes(std::ssize(sentences), length);
  const auto repeated = padded_rows(source, options.source_pad_id()).repeat_interleave(beams, 0);
  const auto expected = model->forward(repeated, prefix);  // [n*b,T,V]
  decoder.start(pointers_to(source));
  for (int64_t t = 0; t < length; ++t) {
    expect_close(step(decoder, sentences, prefix.select(1, t)), expected.select(1, t),
                 name_of(options.norm) + "-norm, step " + std::to_string(t));
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(TorchDecoder, GivesTheModulesLogitsForEveryPrefix) {
  for (const Norm norm : {Norm::kPost, Norm::kPre}) {
    Transformer model = random_model(options_with_norm(norm));
    TorchDecoder decoder(model, {kSmallPad});
    const auto source = sources({5});
    const auto all = prefixes(3, 8);
    for (int64_t length = 1; length <= 8; ++length) {
      const auto prefix = all.narrow(1, 0, length);
      expect_close(step_through(decoder, source, {0, 0, 0}, prefix),
                   by_the_modules(model, source, {0, 0, 0}, prefix), name_of(norm));
    }
  }
}

TEST(TorchDecoder, GivesTheModulesLogitsForPaddedSourcesPastItsFirstCapacity) {
  for (const Norm norm : {Norm::kPost, Norm::kPre})
    expect_each_step_equal(options_with_norm(norm), sources({2, 9, 5}), 2, 70);
}

TEST(TorchDecoder, GivesTheModulesLogitsPast512Positions) {
  for (const Norm norm : {Norm::kPost, Norm::kPre})
    expect_each_step_equal(options_with_norm(norm), sources({3, 6}), 1, 520);
}

TEST(TorchDecoder, GivesTheModulesLogitsForOtherShapes) {
  ModelOptions options = small_model_options();
  options.activation_function = ActivationFunction::kGelu;
  options.decoder_attention_heads = 4;
  options.decoder_layers = 3;
  options.encoder_layers = 1;
  options.decoder_ffn_dim = 24;
  options.tie_word_embeddings = options.scale_embedding = false;
  expect_each_step_equal(options, sources({4, 7}), 3, 10);
}

TEST(TorchDecoder, ReadsTheMaskOfASeparateSourceVocabulary) {
  ModelOptions options = small_model_options();
  options.share_encoder_decoder_embeddings = false;
  options.vocab_size = 20;  // so <pad> is 19 on the source side
  SplitMix64 random(1);
  const Sentences source = {random_sentence(random, 20, 3), random_sentence(random, 20, 12)};
  expect_each_step_equal(options, source, 2, 5);
}

TEST(TorchDecoder, ForbidsTheForbiddenIds) {
  TorchDecoder decoder(random_model(small_model_options()), {3, kSmallPad});
  const auto logits = step_through(decoder, sources({4, 6}), {0, 1}, prefixes(2, 2));
  const auto impossible = logits.isinf().logical_and(logits.lt(0));
  EXPECT_TRUE(impossible.select(1, 3).all().item<bool>());
  EXPECT_TRUE(impossible.select(1, kSmallPad).all().item<bool>());
  EXPECT_EQ(impossible.sum().item<int64_t>(), 4);
  EXPECT_TRUE(logits.isnan().logical_not().all().item<bool>());
}

class TorchDecoderRows : public ::testing::TestWithParam<int64_t> {
 protected:
  // Steps through `length` tokens of each row, then to rows {origin, sentence}, and from there as they are.
  void expect_to_continue(const std::vector<int64_t>& lengths, const std::vector<int64_t>& sentences,
                          const std::vector<std::pair<int64_t, int64_t>>& next) {
    const Transformer model = random_model(small_model_options());
    TorchDecoder decoder(model, {kSmallPad});
    const auto source = sources(lengths);
    auto prefix = prefixes(std::ssize(sentences), GetParam());
    step_through(decoder, source, sentences, prefix);
    std::vector<int64_t> origins, of_rows;
    for (const auto& [origin, sentence] : next) origins.push_back(origin), of_rows.push_back(sentence);
    prefix = prefix.index_select(0, torch::tensor(origins));
    for (int64_t time = 0; time < 3; ++time) {
      const auto tokens = torch::randint(0, kSmallPad, {std::ssize(next), 1}, torch::kInt64);
      prefix = torch::cat({prefix, tokens}, 1);
      std::vector<DecoderRow> rows;
      for (int64_t r = 0; r < std::ssize(next); ++r)
        rows.push_back({time == 0 ? origins[r] : r, of_rows[r], tokens[r].item<int64_t>()});
      expect_close(step(decoder, rows), by_the_modules(model, source, of_rows, prefix),
                   "step " + std::to_string(time));
    }
  }
};

// Rows that are chosen, repeated and dropped continue as if they had been decoded alone.
TEST_P(TorchDecoderRows, ContinueFromTheirOrigins) {
  expect_to_continue({8, 3}, {0, 0, 0, 1, 1, 1}, {{2, 0}, {0, 0}, {2, 0}, {5, 1}, {5, 1}, {3, 1}});
}

TEST_P(TorchDecoderRows, GrowFromOneOfEachSentence) {
  expect_to_continue({8, 3}, {0, 1}, {{0, 0}, {0, 0}, {0, 0}, {1, 1}, {1, 1}, {1, 1}});
}

TEST_P(TorchDecoderRows, MayBeFewerInSomeSentences) {
  expect_to_continue({8, 3, 5}, {0, 0, 1, 2, 2, 2}, {{1, 0}, {2, 1}, {2, 1}, {5, 2}});
}

TEST_P(TorchDecoderRows, KeepTheirMemoryWhenSentencesLeave) {
  for (const auto& lengths : {std::vector<int64_t>{8, 3, 5, 6}, {4, 4, 4, 4}})  // with a mask and without
    expect_to_continue(lengths, {0, 0, 1, 1, 2, 2, 3, 3}, {{2, 1}, {3, 1}, {6, 3}, {7, 3}});
}

// The state of a batch does not affect the next one.
TEST(TorchDecoder, ForgetsTheBatchBefore) {
  Transformer model = random_model(small_model_options());
  TorchDecoder decoder(model, {kSmallPad});
  step_through(decoder, sources({3, 9, 4}, 2), {0, 0, 1, 2}, prefixes(4, 40));
  const auto source = sources({6, 6});
  const auto prefix = prefixes(2, 3);
  expect_close(step_through(decoder, source, {0, 1}, prefix), by_the_modules(model, source, {0, 1}, prefix),
               "");
}

// 31, 32, 33: around the first capacity of the caches.
INSTANTIATE_TEST_SUITE_P(Lengths, TorchDecoderRows, ::testing::Values(1, 5, 31, 32, 33));

}  // namespace
}  // namespace dragoman
