// uses: torch
#include "decoding/search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "decoding/torch/torch_decoder.h"
#include "tests/support/same_hypotheses.h"
#include "tests/support/small_model.h"

namespace dragoman {
namespace {

constexpr int64_t kEndId = 0;
constexpr double kNever = -std::numeric_limits<double>::infinity();

struct Setting {
  Transformer model;
  TorchDecoder decoder;
  int64_t pad;

  explicit Setting(int64_t vocabulary, uint64_t seed = 1, double end_bias = 0)
      : model(random_model(small_model_options(vocabulary), seed, end_bias, 2)),
        decoder(model, {vocabulary - 1}),
        pad(vocabulary - 1) {}
};

SearchLimits limits_of(size_t sentences, int64_t length) {
  return {std::vector<int64_t>(sentences, length), kEndId};
}

std::vector<std::vector<int64_t>> random_sources(size_t count, int64_t vocabulary, uint64_t longest = 12) {
  SplitMix64 random(5);
  std::vector<std::vector<int64_t>> rows;
  while (rows.size() < count) rows.push_back(random_sentence(random, vocabulary, longest));
  return rows;
}

// Log-probabilities of the next token after each prefix (all with the same length), by the modules of model/:
// [rows,V], without <pad>, and without </s> below the minimum length.
torch::Tensor next_log_probabilities(Setting& setting, const torch::Tensor& source,
                                     const std::vector<std::vector<int64_t>>& prefixes, bool may_end = true) {
  const torch::NoGradGuard no_grad;
  std::vector<std::vector<int64_t>> inputs = prefixes;
  for (auto& input : inputs) input.insert(input.begin(), setting.pad);
  const auto rows = static_cast<int64_t>(inputs.size());
  const auto decoder_input = padded_rows(inputs, setting.pad);
  auto logits = setting.model->forward(source.expand({rows, -1}), decoder_input)
                    .select(1, decoder_input.size(1) - 1)
                    .clone();
  logits.select(1, setting.pad).fill_(kNever);
  if (!may_end) logits.select(1, kEndId).fill_(kNever);
  return logits.log_softmax(1);
}

double log_probability_by_the_modules(Setting& setting, const torch::Tensor& source,
                                      const Hypothesis& hypothesis) {
  std::vector<int64_t> tokens = hypothesis.ids;
  if (hypothesis.complete) tokens.push_back(kEndId);
  double sum = 0;
  for (size_t t = 0; t < tokens.size(); ++t) {
    const std::vector<int64_t> prefix(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(t));
    sum += next_log_probabilities(setting, source, {prefix})[0][tokens[t]].item<double>();
  }
  return sum;
}

int64_t generated(const Hypothesis& hypothesis) {
  return static_cast<int64_t>(hypothesis.ids.size()) + (hypothesis.complete ? 1 : 0);
}

bool better(const Hypothesis& a, const Hypothesis& b) {
  return a.score > b.score;
}

// All possible hypotheses: each text of up to `limit` tokens.
std::vector<Hypothesis> exhaustive(Setting& setting, const torch::Tensor& source,
                                   const SearchOptions& options, int64_t limit) {
  std::vector<Hypothesis> live(1), finished;
  for (int64_t length = 1; length <= limit; ++length) {
    std::vector<std::vector<int64_t>> prefixes;
    for (const auto& hypothesis : live) prefixes.push_back(hypothesis.ids);
    const auto next = next_log_probabilities(setting, source, prefixes, length > options.min_length);
    std::vector<Hypothesis> longer;
    for (size_t i = 0; i < live.size(); ++i) {
      for (int64_t token = 0; token < setting.pad; ++token) {
        if (token == kEndId && length <= options.min_length) continue;
        Hypothesis hypothesis = live[i];
        hypothesis.log_probability += next[static_cast<int64_t>(i)][token].item<double>();
        hypothesis.complete = token == kEndId;
        if (!hypothesis.complete) hypothesis.ids.push_back(token);
        hypothesis.score = hypothesis.log_probability / options.penalty(length);
        (hypothesis.complete || length == limit ? finished : longer).push_back(hypothesis);
      }
    }
    live = std::move(longer);
  }
  std::stable_sort(finished.begin(), finished.end(), better);
  return finished;
}

// Beam search as sentence_beam.h describes it, with the modules of model/ instead of caches, one sentence at
// a time. `rule`: when it stops; none: at the length limit.
std::vector<Hypothesis> plain_beam_search(Setting& setting, const torch::Tensor& source,
                                          const SearchOptions& options, int64_t limit,
                                          std::optional<SearchUntil> rule) {
  const auto beams = static_cast<size_t>(options.beam_size);
  std::vector<Hypothesis> live(1), finished;
  for (int64_t length = 1; length <= limit && !live.empty(); ++length) {
    std::vector<std::vector<int64_t>> prefixes;
    for (const auto& hypothesis : live) prefixes.push_back(hypothesis.ids);
    const auto next = next_log_probabilities(setting, source, prefixes);
    std::vector<Hypothesis> candidates;
    for (size_t i = 0; i < live.size(); ++i) {
      for (int64_t token = 0; token < setting.pad; ++token) {
        Hypothesis hypothesis = live[i];
        hypothesis.log_probability += next[static_cast<int64_t>(i)][token].item<double>();
        hypothesis.complete = token == kEndId;
        if (!hypothesis.complete) hypothesis.ids.push_back(token);
        hypothesis.score = hypothesis.log_probability;  // to be sorted by
        candidates.push_back(hypothesis);
      }
    }
    std::stable_sort(candidates.begin(), candidates.end(), better);
    live.clear();
    for (size_t rank = 0; rank < candidates.size(); ++rank) {
      Hypothesis& candidate = candidates[rank];
      if (!candidate.complete && live.size() < beams) live.push_back(candidate);
      if (rank >= beams || !(candidate.complete || length == limit)) continue;
      candidate.score = candidate.log_probability / options.penalty(length);
      finished.push_back(candidate);
    }
    std::stable_sort(finished.begin(), finished.end(), better);
    finished.resize(std::min(finished.size(), beams));
    if (finished.size() < beams || !rule || live.empty()) continue;
    const Hypothesis& best = rule == SearchUntil::kCandidates ? candidates[0] : live[0];
    const double bound = best.log_probability / options.penalty(rule == SearchUntil::kExact ? limit : length);
    if (bound <= finished.back().score) break;
  }
  return finished;
}

TEST(Search, BeamOfOneIsGreedySearch) {
  for (const uint64_t seed : {1, 2, 3}) {
    Setting setting(30, seed, 1.5);
    const auto rows = random_sources(12, 30);
    const auto source = pointers_to(rows);
    for (const int64_t min_length : {0, 5}) {
      const SearchOptions options{.beam_size = 1, .min_length = min_length};
      const auto greedy = greedy_search(setting.decoder, source, options, limits_of(12, 20));
      const auto beam = beam_search(setting.decoder, source, options, limits_of(12, 20));
      for (size_t i = 0; i < 12; ++i)
        expect_same_hypotheses(beam[i], greedy[i], "sentence " + std::to_string(i));
    }
  }
}

TEST(Search, GreedyTakesTheMostProbableTokenAtEachStep) {
  Setting setting(30, 4, 1);
  const auto rows = random_sources(4, 30);
  for (const auto& row : rows) {
    const auto source = padded_rows({row}, setting.pad);
    const auto result =
        greedy_search(setting.decoder, {&row}, SearchOptions{.beam_size = 1}, limits_of(1, 12));
    std::vector<int64_t> expected;
    while (expected.size() < 12) {
      const int64_t token = next_log_probabilities(setting, source, {expected})[0].argmax().item<int64_t>();
      if (token == kEndId) break;
      expected.push_back(token);
    }
    EXPECT_EQ(result[0][0].ids, expected);
  }
}

// Sentences leave the batch at different steps, so rows and caches are selected again and again.
TEST(Search, HypothesesDoNotDependOnTheBatch) {
  for (const int64_t beams : {1, 4}) {
    Setting setting(30, 5, 3);
    const auto rows = random_sources(16, 30, 20);
    const SearchOptions options{.beam_size = beams, .n_best = beams};
    const auto together = search(setting.decoder, pointers_to(rows), options, limits_of(rows.size(), 40));
    std::set<int64_t> lengths;
    for (size_t i = 0; i < rows.size(); ++i) {
      const auto alone = search(setting.decoder, {&rows[i]}, options, limits_of(1, 40));
      expect_same_hypotheses(together[i], alone[0],
                             "beam " + std::to_string(beams) + ", sentence " + std::to_string(i));
      lengths.insert(generated(alone[0][0]));
    }
    EXPECT_GE(lengths.size(), 3u) << "all sentences ended at once: nothing was tested";
  }
}

TEST(Search, EachSentenceHasItsOwnLimit) {
  Setting setting(30, 1, kNever);
  const auto rows = random_sources(4, 30);
  const auto source = pointers_to(rows);
  for (const int64_t beams : {1, 3}) {
    const auto results =
        search(setting.decoder, source, SearchOptions{.beam_size = beams}, {{7, 1, 3, 40}, kEndId});
    for (const auto& [sentence, limit] :
         std::vector<std::pair<size_t, size_t>>{{0, 7}, {1, 1}, {2, 3}, {3, 40}}) {
      EXPECT_EQ(results[sentence][0].ids.size(), limit);
      EXPECT_FALSE(results[sentence][0].complete);
    }
  }
}

// Vocabulary </s> <unk> 2 3 <pad>, at most 4 tokens: 40 complete and 81 incomplete texts. A beam of 128 keeps
// all.
TEST(Search, AWideBeamFindsEveryHypothesisInOrder) {
  const auto rows = random_sources(3, 5, 6);
  for (size_t i = 0; i < rows.size(); ++i) {
    Setting setting(5, 10 + i);
    const auto source = padded_rows({rows[i]}, setting.pad);
    for (const auto& [kind, alpha] :
         std::vector<std::pair<LengthPenaltyKind, double>>{{LengthPenaltyKind::kAverage, 1.0},
                                                           {LengthPenaltyKind::kAverage, 0.0},
                                                           {LengthPenaltyKind::kAverage, -0.7},
                                                           {LengthPenaltyKind::kWu, 0.6}}) {
      for (const int64_t min_length : {0, 2}) {
        const SearchOptions options{.beam_size = 128,
                                    .length_penalty = alpha,
                                    .length_penalty_kind = kind,
                                    .min_length = min_length,
                                    .n_best = 128,
                                    .search_until = SearchUntil::kExact};
        const auto found = beam_search(setting.decoder, {&rows[i]}, options, limits_of(1, 4));
        const auto all = exhaustive(setting, source, options, 4);
        ASSERT_EQ(all.size(), min_length == 0 ? 121u : 117u);
        expect_same_hypotheses(found[0], all, name_of(kind) + " " + std::to_string(alpha));
        if (HasFailure()) return;
      }
    }
  }
}

TEST(Search, EqualsABeamSearchOverTheModules) {
  int64_t exact_differs = 0, candidates_differ = 0;
  for (uint64_t seed = 1; seed <= 24; ++seed) {
    Setting setting(8, seed, 0.7);
    const auto rows = random_sources(1, 8, 6);
    const auto source = padded_rows(rows, setting.pad);
    for (const int64_t beams : {2, 3, 5}) {
      SearchOptions options{.beam_size = beams, .n_best = beams};
      std::map<SearchUntil, double> worst;
      for (const SearchUntil rule :
           {SearchUntil::kHeuristic, SearchUntil::kCandidates, SearchUntil::kExact}) {
        options.search_until = rule;
        const auto found = beam_search(setting.decoder, pointers_to(rows), options, limits_of(1, 14));
        expect_same_hypotheses(
            found[0], plain_beam_search(setting, source, options, 14, rule),
            name_of(rule) + ", seed " + std::to_string(seed) + ", beam " + std::to_string(beams));
        worst[rule] = found[0].back().score;
      }
      // The hypotheses that the exact rule skipped are not better.
      const auto all = plain_beam_search(setting, source, options, 14, std::nullopt);
      EXPECT_NEAR(worst[SearchUntil::kExact], all.back().score, 1e-5);
      exact_differs += worst[SearchUntil::kExact] > worst[SearchUntil::kHeuristic] + 1e-4;
      candidates_differ += worst[SearchUntil::kCandidates] > worst[SearchUntil::kHeuristic] + 1e-4;
    }
  }
  EXPECT_GT(exact_differs, 0) << "the rules never differed: nothing was tested";
  EXPECT_GT(candidates_differ, 0) << "the rules never differed: nothing was tested";
}

TEST(Search, NBestAreSortedAndDistinctWithTheirScores) {
  for (const auto& [kind, alpha] :
       std::vector<std::pair<LengthPenaltyKind, double>>{{LengthPenaltyKind::kAverage, 1.0},
                                                         {LengthPenaltyKind::kAverage, 0.4},
                                                         {LengthPenaltyKind::kWu, 0.8}}) {
    Setting setting(30, 2, 1);
    const auto rows = random_sources(3, 30);
    const SearchOptions options{
        .beam_size = 6, .length_penalty = alpha, .length_penalty_kind = kind, .n_best = 5};
    const auto results = beam_search(setting.decoder, pointers_to(rows), options, limits_of(3, 15));
    for (size_t i = 0; i < rows.size(); ++i) {
      ASSERT_EQ(results[i].size(), 5u);
      EXPECT_TRUE(std::is_sorted(results[i].begin(), results[i].end(), better));
      std::set<std::vector<int64_t>> texts;
      for (const auto& hypothesis : results[i]) {
        texts.insert(hypothesis.ids);
        const double sum =
            log_probability_by_the_modules(setting, padded_rows({rows[i]}, setting.pad), hypothesis);
        const auto length = static_cast<double>(generated(hypothesis));
        EXPECT_NEAR(hypothesis.log_probability, sum, 1e-4);
        EXPECT_NEAR(hypothesis.score,
                    sum / std::pow(kind == LengthPenaltyKind::kWu ? (5 + length) / 6 : length, alpha), 1e-4);
      }
      EXPECT_EQ(texts.size(), 5u);
    }
  }
}

TEST(Search, RespectsTheMinimumAndTheMaximumLength) {
  Setting setting(30, 3, 6);  // </s> wants to come at once
  const auto rows = random_sources(4, 30);
  const auto source = pointers_to(rows);
  for (const int64_t beams : {1, 4}) {
    const SearchOptions free{.beam_size = beams};
    for (const auto& result : search(setting.decoder, source, free, limits_of(4, 9)))
      EXPECT_LT(result[0].ids.size(), 4u);
    const SearchOptions options{.beam_size = beams, .min_length = 6, .n_best = beams};
    for (const auto& result : search(setting.decoder, source, options, limits_of(4, 9))) {
      for (const auto& hypothesis : result) {
        EXPECT_GE(hypothesis.ids.size(), 6u);
        EXPECT_LE(generated(hypothesis), 9);
        EXPECT_EQ(hypothesis.complete, generated(hypothesis) > static_cast<int64_t>(hypothesis.ids.size()));
      }
    }
  }
}

TEST(Search, AModelThatNeverEndsStopsAtTheLimitIncomplete) {
  for (const double end_bias : {-1e4, kNever}) {
    Setting setting(30, 1, end_bias);
    const auto rows = random_sources(3, 30);
    const auto source = pointers_to(rows);
    for (const int64_t beams : {1, 4}) {
      for (const auto& result :
           search(setting.decoder, source, SearchOptions{.beam_size = beams}, limits_of(3, 35))) {
        EXPECT_EQ(result[0].ids.size(), 35u);
        EXPECT_FALSE(result[0].complete);
        EXPECT_TRUE(std::isfinite(result[0].score));
      }
    }
  }
}

TEST(Search, NeverGeneratesPaddingNorGivesItProbability) {
  Setting setting(30, 1, 1);
  const torch::NoGradGuard no_grad;
  setting.model->output_projection_->bias().select(1, setting.pad).fill_(100);
  const auto rows = random_sources(3, 30);
  for (const int64_t beams : {1, 4}) {
    const auto results = search(setting.decoder, pointers_to(rows),
                                SearchOptions{.beam_size = beams, .n_best = beams}, limits_of(3, 10));
    for (size_t i = 0; i < rows.size(); ++i) {
      for (const auto& hypothesis : results[i]) {
        EXPECT_EQ(std::count(hypothesis.ids.begin(), hypothesis.ids.end(), setting.pad), 0);
        const double sum =
            log_probability_by_the_modules(setting, padded_rows({rows[i]}, setting.pad), hypothesis);
        EXPECT_NEAR(hypothesis.log_probability, sum, 1e-4);
      }
    }
  }
}

TEST(Search, ABeamWiderThanTheVocabularyWorks) {
  Setting setting(5, 1);
  const auto rows = random_sources(2, 5, 4);
  const auto source = pointers_to(rows);
  const SearchOptions options{.beam_size = 16, .n_best = 16};
  for (const auto& result : beam_search(setting.decoder, source, options, limits_of(2, 10))) {
    ASSERT_EQ(result.size(), 16u);
    for (const auto& hypothesis : result) {
      EXPECT_TRUE(std::isfinite(hypothesis.score));
      for (const int64_t id : hypothesis.ids) EXPECT_TRUE(id > kEndId && id < setting.pad);
    }
  }
  // Two tokens of length one, or </s>: no more than four texts exist.
  EXPECT_EQ(beam_search(setting.decoder, source, options, limits_of(2, 1))[0].size(), 4u);
}

// Whether any n-gram occurs twice in the ids.
bool has_repeat(const std::vector<int64_t>& ids, size_t n) {
  std::set<std::vector<int64_t>> groups;
  for (size_t i = 0; i + n <= ids.size(); ++i) {
    const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(i);
    if (!groups.insert({begin, begin + static_cast<std::ptrdiff_t>(n)}).second) return true;
  }
  return false;
}

TEST(Search, WithRepeatsForbiddenNoNgramOccursTwice) {
  Setting setting(12, 3, -2);
  const auto rows = random_sources(6, 12);
  const auto source = pointers_to(rows);
  int64_t repeats_without = 0;
  for (const int64_t beam_size : {1, 3}) {
    for (const int64_t n : {1, 2, 3}) {
      SearchOptions options{.beam_size = beam_size, .n_best = beam_size, .no_repeat_ngram = n};
      for (const auto& hypotheses : search(setting.decoder, source, options, limits_of(6, 30))) {
        for (const auto& hypothesis : hypotheses)
          EXPECT_FALSE(has_repeat(hypothesis.ids, static_cast<size_t>(n))) << beam_size << " " << n;
      }
      options.no_repeat_ngram = 0;
      for (const auto& hypotheses : search(setting.decoder, source, options, limits_of(6, 30)))
        repeats_without += has_repeat(hypotheses[0].ids, static_cast<size_t>(n));
    }
  }
  EXPECT_GT(repeats_without, 10);  // else this shows nothing
}

TEST(GreedySearch, WithRepeatsForbiddenTakesTheBestOfTheRest) {
  Setting setting(12, 3, -2);
  const auto rows = random_sources(1, 12);
  const auto source = padded_rows(rows, setting.pad);
  const auto found = greedy_search(setting.decoder, pointers_to(rows), {.beam_size = 1, .no_repeat_ngram = 2},
                                   limits_of(1, 20))[0][0];
  double sum = 0;
  std::vector<int64_t> prefix;
  for (size_t t = 0; t < found.ids.size(); ++t) {
    auto next = next_log_probabilities(setting, source, {prefix})[0];
    for (size_t i = 0; i + 1 < prefix.size(); ++i) {
      if (prefix[i] == prefix.back()) next[prefix[i + 1]] = kNever;
    }
    next = next.log_softmax(0);
    EXPECT_EQ(next.argmax().item<int64_t>(), found.ids[t]) << t;
    sum += next[found.ids[t]].item<double>();
    prefix.push_back(found.ids[t]);
  }
  if (!found.complete) {
    EXPECT_NEAR(found.log_probability, sum, 1e-3);
  }
  EXPECT_GT(found.ids.size(), 5u);
}

}  // namespace
}  // namespace dragoman
