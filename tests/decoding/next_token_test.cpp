#include "decoding/next_token.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <set>

namespace dragoman {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

std::vector<float> after_rules(std::vector<float> logits, const std::vector<int64_t>& ids,
                               const SearchOptions& options, const SearchLimits& limits,
                               size_t sentence = 0) {
  apply_token_rules(logits.data(), static_cast<int64_t>(logits.size()), ids, sentence, options, limits);
  return logits;
}

TEST(TokenRules, ThereAreNoneByDefault) {
  EXPECT_FALSE(has_token_rules({}, {}));
  EXPECT_EQ(after_rules({1, -2, 3}, {2}, {}, {}), (std::vector<float>{1, -2, 3}));
  EXPECT_TRUE(has_token_rules({.repetition_penalty = 1.2}, {}));
  EXPECT_TRUE(has_token_rules({.no_repeat_ngram = 2}, {}));
  SearchLimits groups, prefixes;
  groups.forbidden = {{1, 2}};
  prefixes.prefixes = {{}};
  EXPECT_TRUE(has_token_rules({}, groups));
  EXPECT_TRUE(has_token_rules({}, prefixes));
}

TEST(TokenRules, APenaltyChangesEachGeneratedTokenOnceForEitherSign) {
  const SearchOptions options{.repetition_penalty = 2};
  EXPECT_EQ(after_rules({1, -2, 3, -1}, {1, 2, 1}, options, {}), (std::vector<float>{1, -4, 1.5, -1}));
}

TEST(TokenRules, AForbiddenNgramIsMaskedAtItsLastToken) {
  SearchLimits limits;
  limits.forbidden = {{1, 2, 3}, {2, 0}};
  EXPECT_EQ(after_rules({5, 5, 5, 5}, {1, 2}, {}, limits), (std::vector<float>{kNever, 5, 5, kNever}));
  EXPECT_EQ(after_rules({5, 5, 5, 5}, {2, 1}, {}, limits), (std::vector<float>{5, 5, 5, 5}));
  EXPECT_EQ(after_rules({5, 5, 5, 5}, {}, {}, limits), (std::vector<float>{5, 5, 5, 5}));
}

TEST(TokenRules, AForcedPrefixAllowsOneTokenAndThenHasNoEffect) {
  SearchLimits limits;
  limits.prefixes = {{}, {2, 1}};
  EXPECT_EQ(after_rules({1, 2, 3}, {}, {}, limits, 1), (std::vector<float>{kNever, kNever, 3}));
  EXPECT_EQ(after_rules({1, 2, 3}, {2}, {}, limits, 1), (std::vector<float>{kNever, 2, kNever}));
  EXPECT_EQ(after_rules({1, 2, 3}, {2, 1}, {}, limits, 1), (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(after_rules({1, 2, 3}, {}, {}, limits, 0), (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(after_rules({1, 2, kNever}, {}, {}, limits, 1), (std::vector<float>{kNever, kNever, 0}));
}

TEST(TokenRules, TheEndIsMaskedBelowTheMinimumLength) {
  SearchLimits limits;
  limits.end_id = 1;
  EXPECT_EQ(after_rules({1, 2, 3}, {0, 2}, {.min_length = 3}, limits), (std::vector<float>{1, kNever, 3}));
  EXPECT_EQ(after_rules({1, 2, 3}, {0, 2, 2}, {.min_length = 3}, limits), (std::vector<float>{1, 2, 3}));
}

TEST(TokenRules, EveryEndingTokenIsMaskedBelowTheMinimumLength) {
  EXPECT_EQ(after_rules({1, 2, 3}, {}, {.min_length = 1, .ends = {0, 2}}, {}),
            (std::vector<float>{kNever, 2, kNever}));
}

TEST(TokenRules, NgramsOfTheSourceMayBeForbidden) {
  const std::vector<int64_t> source = {1, 2, 3, 2, 0};
  SearchLimits limits;
  limits.sources = {&source};
  limits.end_id = 4;
  EXPECT_TRUE(has_token_rules({.encoder_no_repeat_ngram = 2}, {}));
  EXPECT_EQ(after_rules({5, 5, 5, 5, 5}, {3, 2}, {.encoder_no_repeat_ngram = 2}, limits),
            (std::vector<float>{kNever, 5, 5, kNever, 5}));
  EXPECT_EQ(after_rules({5, 5, 5, 5, 5}, {}, {.encoder_no_repeat_ngram = 2}, limits),
            (std::vector<float>{5, 5, 5, 5, 5}));
  EXPECT_EQ(after_rules({5, 5, 5, 5, 5}, {4}, {.encoder_no_repeat_ngram = 1}, limits),
            (std::vector<float>{kNever, kNever, kNever, kNever, 5}));
}

TEST(TokenRules, AFirstAndALastTokenCanBeForced) {
  SearchLimits limits;
  limits.lengths = {3};
  const SearchOptions first{.forced_begin = 1}, last{.forced_ends = {0, 2}};
  EXPECT_TRUE(has_token_rules(first, {}));
  EXPECT_TRUE(has_token_rules(last, {}));
  EXPECT_EQ(after_rules({1, 2, 3}, {}, first, limits), (std::vector<float>{kNever, 0, kNever}));
  EXPECT_EQ(after_rules({1, 2, 3}, {1}, first, limits), (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(after_rules({1, 2, 3}, {1}, last, limits), (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(after_rules({1, 2, 3}, {1, 1}, last, limits), (std::vector<float>{0, kNever, 0}));
}

TEST(TokenRules, SuppressedTokensAreMaskedAndSomeOnlyAtTheBeginning) {
  SearchLimits limits;
  limits.lengths = {9};
  const SearchOptions options{.suppressed = {0}, .begin_suppressed = {1}};
  EXPECT_EQ(after_rules({1, 2, 3}, {}, options, limits), (std::vector<float>{kNever, kNever, 3}));
  EXPECT_EQ(after_rules({1, 2, 3}, {2}, options, limits), (std::vector<float>{kNever, 2, 3}));
  // After a forced first token, the second token is the first that is chosen.
  const SearchOptions forced{.begin_suppressed = {1}, .forced_begin = 2};
  EXPECT_EQ(after_rules({1, 2, 3}, {2}, forced, limits), (std::vector<float>{1, kNever, 3}));
}

TEST(Hypothesis, EndsAtEachEndingTokenAndKeepsAllExceptTheUsualOne) {
  const SearchOptions options{.ends = {0, 7}};
  Hypothesis usual, other, cut;
  EXPECT_FALSE(usual.grow(5, -1, 9, 0, options));
  EXPECT_TRUE(usual.grow(0, -1, 9, 0, options));
  EXPECT_TRUE(other.grow(7, -3, 9, 0, options));
  EXPECT_TRUE(cut.grow(5, -1, 1, 0, options));
  EXPECT_EQ(usual.ids, std::vector<int64_t>{5});
  EXPECT_EQ(other.ids, std::vector<int64_t>{7});
  EXPECT_TRUE(usual.complete && other.complete);
  EXPECT_FALSE(cut.complete);
  EXPECT_DOUBLE_EQ(usual.score, -1);
  EXPECT_DOUBLE_EQ(other.score, -3);
}

TEST(Hypothesis, IsNotCompleteIfItsLastTokenIsForced) {
  Hypothesis forced;
  EXPECT_TRUE(forced.grow(0, 0, 1, 0, {.forced_ends = {0}}));
  EXPECT_FALSE(forced.complete);
}

// The frequency of each token for 100,000 evenly spaced numbers.
std::map<int64_t, double> shares(const std::vector<float>& logits, const SearchOptions& options) {
  constexpr int kDraws = 100000;
  std::map<int64_t, double> counts;
  for (int i = 0; i < kDraws; ++i)
    counts[sample_token(logits.data(), static_cast<int64_t>(logits.size()), options, (i + 0.5) / kDraws)
               .token] += 1.0 / kDraws;
  return counts;
}

// Probabilities 0.1, 0.4, 0.3, 0.2.
const std::vector<float> kFour = {std::log(0.1F), std::log(0.4F), std::log(0.3F), std::log(0.2F)};

TEST(Sampling, FollowsTheProbabilities) {
  const auto all = shares(kFour, {});
  EXPECT_NEAR(all.at(0), 0.1, 1e-3);
  EXPECT_NEAR(all.at(1), 0.4, 1e-3);
  EXPECT_NEAR(all.at(2), 0.3, 1e-3);
  EXPECT_NEAR(all.at(3), 0.2, 1e-3);
}

TEST(Sampling, ATemperatureSharpensAndFlattens) {
  const auto sharp = shares(kFour, {.temperature = 0.5});
  EXPECT_NEAR(sharp.at(1), 0.16 / (0.01 + 0.16 + 0.09 + 0.04), 1e-3);
  const auto flat = shares(kFour, {.temperature = 1000});
  EXPECT_NEAR(flat.at(0), 0.25, 1e-3);
}

TEST(Sampling, TopKAndTopPRemoveTheTail) {
  const auto two = shares(kFour, {.top_k = 2});
  EXPECT_EQ(two.size(), 2U);
  EXPECT_NEAR(two.at(1), 4.0 / 7, 1e-3);
  const auto nucleus = shares(kFour, {.top_p = 0.65});  // 0.4 alone is too little, 0.4 + 0.3 is enough
  EXPECT_EQ(nucleus.size(), 2U);
  EXPECT_NEAR(nucleus.at(2), 3.0 / 7, 1e-3);
  EXPECT_EQ(shares(kFour, {.top_p = 1e-6}).size(), 1U);
  EXPECT_EQ(shares(kFour, {.top_k = 3, .top_p = 0.7}).size(), 2U);
}

TEST(Sampling, ReturnsTheModelsOwnLogProbability) {
  const SearchOptions options{.temperature = 0.3, .top_k = 1};
  const auto drawn = sample_token(kFour.data(), 4, options, 0.99);
  EXPECT_EQ(drawn.token, 1);
  EXPECT_NEAR(drawn.log_probability, std::log(0.4), 1e-6);
}

TEST(Sampling, NeverSamplesAMaskedToken) {
  EXPECT_EQ(shares({kNever, 1, kNever}, {}), (std::map<int64_t, double>{{1, shares({1}, {}).at(0)}}));
  const std::vector<float> none = {kNever, kNever};
  EXPECT_EQ(sample_token(none.data(), 2, {}, 0.5).token, -1);
}

TEST(Sampling, NumbersDependOnEverySeed) {
  std::set<double> numbers;
  for (uint64_t seed = 0; seed < 3; ++seed)
    for (uint64_t key = 0; key < 3; ++key)
      for (int64_t sample = 0; sample < 3; ++sample)
        for (int64_t position = 0; position < 3; ++position)
          numbers.insert(sampling_number(seed, key, sample, position));
  EXPECT_EQ(numbers.size(), 81U);
  EXPECT_GE(*numbers.begin(), 0);
  EXPECT_LT(*numbers.rbegin(), 1);
}

}  // namespace
}  // namespace dragoman
