#include "tokenizer/subword_sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "tests/tokenizer/sample_text.h"

namespace dragoman {
namespace {

using Ids = std::vector<int32_t>;

Tokenizer sampled_tokenizer(const std::string& type) {
  TokenizerOptions options = small_tokenizer_options(type, 150);
  options.user_symbols = {">>de<<", "<x>"};
  const TrainedTokenizer trained = train_on(sample_lines(300), options);
  return Tokenizer::from_bytes(trained.model, vocabulary_of(trained.model, "sampled"), "sampled");
}

Ids encoded(const Tokenizer& tokenizer, const std::string& text) {
  const auto ids = tokenizer.encode_source(text);
  Ids result(ids.begin(), ids.end());
  result.push_back(static_cast<int32_t>(tokenizer.vocabulary().eos_id()));
  return result;
}

std::string decoded(const Tokenizer& tokenizer, const Ids& ids) {
  return tokenizer.decode({ids.begin(), ids.end()});
}

class EachSampler : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(SubwordSampler, EachSampler, ::testing::Values("unigram", "bpe"),
                         [](const auto& one) { return std::string(one.param); });

TEST_P(EachSampler, SpellsTheSameTextInManyWays) {
  const Tokenizer tokenizer = sampled_tokenizer(GetParam());
  const SubwordSampler sampler(tokenizer, GetParam() == std::string("bpe") ? 0.2 : 0.05);
  for (const auto& line : sample_lines(20, 5)) {
    const Ids ids = encoded(tokenizer, line);
    std::set<Ids> seen;
    for (uint64_t seed = 0; seed < 20; ++seed) {
      const Ids other = sampler.sample(ids, seed);
      EXPECT_EQ(decoded(tokenizer, other), decoded(tokenizer, ids));
      EXPECT_EQ(other, sampler.sample(ids, seed));
      EXPECT_EQ(other.back(), ids.back());
      seen.insert(other);
    }
    EXPECT_GT(seen.size(), 2u) << line;
  }
}

TEST_P(EachSampler, KeepsSymbolsAndUnknownCharacters) {
  const Tokenizer tokenizer = sampled_tokenizer(GetParam());
  const SubwordSampler sampler(tokenizer, 0.5);
  const Ids ids = encoded(tokenizer, ">>de<< bake <x> 漢 lomi");
  const auto code = static_cast<int32_t>(*tokenizer.vocabulary().find(">>de<<"));
  const auto symbol = static_cast<int32_t>(*tokenizer.vocabulary().find("<x>"));
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Ids other = sampler.sample(ids, seed);
    for (const int32_t fixed : {code, symbol, 1})
      EXPECT_EQ(std::count(other.begin(), other.end(), fixed), std::count(ids.begin(), ids.end(), fixed))
          << fixed;
    EXPECT_EQ(other.front(), code);
  }
}

// Without dropout, the merges are SentencePiece's own.
TEST(SubwordSampler, OfBpeWithoutDropoutIsTheTokenizer) {
  const Tokenizer tokenizer = sampled_tokenizer("bpe");
  const SubwordSampler sampler(tokenizer, 1e-12);
  for (const auto& line : sample_lines(100, 6))
    EXPECT_EQ(sampler.sample(encoded(tokenizer, line), 1), encoded(tokenizer, line));
}

TEST(SubwordSampler, OfUnigramWithALargeAlphaIsTheTokenizer) {
  const Tokenizer tokenizer = sampled_tokenizer("unigram");
  const SubwordSampler sampler(tokenizer, 1000);
  for (const auto& line : sample_lines(100, 6))
    EXPECT_EQ(sampler.sample(encoded(tokenizer, line), 1), encoded(tokenizer, line));
}

// Compares the probability of each segmentation of a word with its frequency in the samples.
TEST(SubwordSampler, OfUnigramSamplesInProportionToProbability) {
  const Tokenizer tokenizer = sampled_tokenizer("unigram");
  const double alpha = 0.3;
  const Ids ids = encoded(tokenizer, "bake");
  std::map<std::string, std::pair<int32_t, double>> scores;
  for (const auto& piece : tokenizer.scored_pieces())
    scores[tokenizer.vocabulary().piece(piece.id)] = {static_cast<int32_t>(piece.id), piece.score};
  std::map<Ids, double> expected;
  double total = 0;
  const std::string text =
      "\xE2\x96\x81"
      "bake";
  const std::function<void(size_t, Ids, double)> extend = [&](size_t at, Ids so_far, double score) {
    if (at == text.size()) {
      so_far.push_back(ids.back());
      total += expected[so_far] = std::exp(alpha * score);
      return;
    }
    for (size_t length = 1; at + length <= text.size(); ++length) {
      const auto found = scores.find(text.substr(at, length));
      if (found == scores.end()) continue;
      Ids longer = so_far;
      longer.push_back(found->second.first);
      extend(at + length, longer, score + found->second.second);
    }
  };
  extend(0, {}, 0);
  ASSERT_GT(expected.size(), 3u);
  const SubwordSampler sampler(tokenizer, alpha);
  constexpr int kDraws = 20'000;
  std::map<Ids, int> drawn;
  for (uint64_t seed = 0; seed < kDraws; ++seed) ++drawn[sampler.sample(ids, seed)];
  for (const auto& [segmentation, weight] : expected) {
    const double share = weight / total;
    EXPECT_NEAR(drawn[segmentation] / double{kDraws}, share, 4 * std::sqrt(share / kDraws) + 1e-4);
  }
}

}  // namespace
}  // namespace dragoman
