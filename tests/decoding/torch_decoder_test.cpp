// uses: torch
#include "decoding/cached_decoder.h"

#include <gtest/gtest.h>

#include "tests/support/small_model.h"

namespace dragoman {
namespace {

ModelOptions options_with_norm(const std::string& norm) {
  ModelOptions options = small_model_options();
  options.norm = norm;
  return options;
}

torch::Tensor sources(const std::vector<int64_t>& lengths, uint64_t seed = 1) {
  SplitMix64 random(seed);
  std::vector<std::vector<int64_t>> rows;
  for (const int64_t length : lengths) {
    rows.emplace_back();
    for (int64_t i = 0; i + 1 < length; ++i)
      rows.back().push_back(1 + static_cast<int64_t>(random.below(28)));
    rows.back().push_back(0);
  }
  return padded_rows(rows, kSmallPad);
}

// [rows,T] ids that begin as every decoder input does.
torch::Tensor prefixes(int64_t rows, int64_t length) {
  auto ids = torch::randint(0, kSmallPad, {rows, length}, torch::kInt64);
  ids.select(1, 0).fill_(kSmallPad);
  return ids;
}

// The notes' logits for the last token of each row; sentence r/beams is the source of row r.
torch::Tensor by_the_notes(Transformer model, const torch::Tensor& source, const torch::Tensor& prefix) {
  const torch::NoGradGuard no_grad;
  const auto repeated = source.repeat_interleave(prefix.size(0) / source.size(0), 0);
  return model->forward(repeated, prefix).select(1, prefix.size(1) - 1);
}

void expect_close(const torch::Tensor& logits, const torch::Tensor& expected, const std::string& where) {
  ASSERT_EQ(logits.sizes(), expected.sizes()) << where;
  const auto known = logits.narrow(1, 0, kSmallPad), expected_known = expected.narrow(1, 0, kSmallPad);
  EXPECT_LT((known - expected_known).abs().max().item<float>(), 1e-5) << where;
}

struct Stepped {
  DecoderState state;
  torch::Tensor logits;
};

Stepped step_through(const CachedDecoder& decoder, const torch::Tensor& source, const torch::Tensor& prefix) {
  const torch::NoGradGuard no_grad;
  Stepped result{decoder.start(source, prefix.size(0) / source.size(0)), {}};
  for (int64_t t = 0; t < prefix.size(1); ++t)
    result.logits = decoder.step(prefix.select(1, t), result.state);
  return result;
}

// Every step against the notes' logits for the whole input, whose position t sees the prefix of t+1 tokens.
void expect_each_step_equal(const ModelOptions& options, const torch::Tensor& source, int64_t beams,
                            int64_t length) {
  const torch::NoGradGuard no_grad;
  Transformer model = random_model(options);
  const CachedDecoder decoder(model, {kSmallPad});
  const auto prefix = prefixes(source.size(0) * beams, length);
  const auto expected = model->forward(source.repeat_interleave(beams, 0), prefix);  // [n*b,T,V]
  DecoderState state = decoder.start(source, beams);
  for (int64_t t = 0; t < length; ++t) {
    const auto logits = decoder.step(prefix.select(1, t), state);
    expect_close(logits, expected.select(1, t), options.norm + "-norm, step " + std::to_string(t));
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(CachedDecoder, GivesTheNotesLogitsForEveryPrefix) {
  for (const char* norm : {"post", "pre"}) {
    Transformer model = random_model(options_with_norm(norm));
    const CachedDecoder decoder(model, {kSmallPad});
    const auto source = sources({5});
    const auto all = prefixes(3, 8);
    for (int64_t length = 1; length <= 8; ++length) {
      const auto prefix = all.narrow(1, 0, length);
      expect_close(step_through(decoder, source, prefix).logits, by_the_notes(model, source, prefix), norm);
    }
  }
}

TEST(CachedDecoder, GivesTheNotesLogitsForPaddedSourcesPastItsFirstCapacity) {
  for (const char* norm : {"post", "pre"})
    expect_each_step_equal(options_with_norm(norm), sources({2, 9, 5}), 2, 70);
}

TEST(CachedDecoder, GivesTheNotesLogitsPast512Positions) {
  for (const char* norm : {"post", "pre"})
    expect_each_step_equal(options_with_norm(norm), sources({3, 6}), 1, 520);
}

TEST(CachedDecoder, GivesTheNotesLogitsForOtherShapes) {
  ModelOptions options = small_model_options();
  options.activation_function = "gelu";
  options.decoder_attention_heads = 4;
  options.decoder_layers = 3;
  options.encoder_layers = 1;
  options.decoder_ffn_dim = 24;
  options.tie_word_embeddings = options.scale_embedding = false;
  expect_each_step_equal(options, sources({4, 7}), 3, 10);
}

TEST(CachedDecoder, ReadsTheMaskOfASourceVocabularyOfItsOwn) {
  ModelOptions options = small_model_options();
  options.share_encoder_decoder_embeddings = false;
  options.vocab_size = 20;  // so <pad> is 19 on the source side
  SplitMix64 random(1);
  const auto source = padded_rows({random_sentence(random, 20, 3), random_sentence(random, 20, 12)}, 19);
  expect_each_step_equal(options, source, 2, 5);
}

TEST(CachedDecoder, ForbidsTheForbiddenIds) {
  const CachedDecoder decoder(random_model(small_model_options()), {3, kSmallPad});
  const auto logits = step_through(decoder, sources({4, 6}), prefixes(2, 2)).logits;
  const auto impossible = logits.isinf().logical_and(logits.lt(0));
  EXPECT_TRUE(impossible.select(1, 3).all().item<bool>());
  EXPECT_TRUE(impossible.select(1, kSmallPad).all().item<bool>());
  EXPECT_EQ(impossible.sum().item<int64_t>(), 4);
  EXPECT_TRUE(logits.isnan().logical_not().all().item<bool>());
}

class DecoderStateSelection : public ::testing::TestWithParam<int64_t> {};

// Rows that are chosen, repeated and dropped go on as if they had been decoded by themselves.
TEST_P(DecoderStateSelection, OfRowsGoesOnFromTheChosenRows) {
  Transformer model = random_model(small_model_options());
  const CachedDecoder decoder(model, {kSmallPad});
  const auto source = sources({8, 3});
  const auto prefix = prefixes(6, GetParam());
  Stepped stepped = step_through(decoder, source, prefix);
  const auto rows = torch::tensor({2, 0, 2, 5, 5, 3}, torch::kInt64);
  stepped.state.select_rows(rows);
  auto longer = prefix.index_select(0, rows);
  for (int64_t step = 0; step < 3; ++step) {
    const torch::NoGradGuard no_grad;
    const auto next = torch::randint(0, kSmallPad, {6}, torch::kInt64);
    longer = torch::cat({longer, next.unsqueeze(1)}, 1);
    expect_close(decoder.step(next, stepped.state), by_the_notes(model, source, longer), "rows");
  }
}

TEST_P(DecoderStateSelection, OfSentencesKeepsTheirBeamsAndTheirMemory) {
  Transformer model = random_model(small_model_options());
  const CachedDecoder decoder(model, {kSmallPad});
  for (const auto& source : {sources({8, 3, 5, 6}), sources({4, 4, 4, 4})}) {  // with a mask and without
    const auto prefix = prefixes(8, GetParam());
    Stepped stepped = step_through(decoder, source, prefix);
    const auto kept = torch::tensor({1, 3}, torch::kInt64);
    stepped.state.select_sentences(kept);
    const auto next = torch::randint(0, kSmallPad, {4}, torch::kInt64);
    const auto longer =
        torch::cat({prefix.index_select(0, torch::tensor({2, 3, 6, 7})), next.unsqueeze(1)}, 1);
    const torch::NoGradGuard no_grad;
    expect_close(decoder.step(next, stepped.state), by_the_notes(model, source.index_select(0, kept), longer),
                 "sentences");
  }
}

// 31, 32, 33: around the first capacity of the caches.
INSTANTIATE_TEST_SUITE_P(Lengths, DecoderStateSelection, ::testing::Values(1, 5, 31, 32, 33));

}  // namespace
}  // namespace dragoman
