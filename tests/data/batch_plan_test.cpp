#include "data/batch_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/random.h"

namespace dragoman {
namespace {

// Sentences of 2..41 tokens; the sides of a pair have similar lengths, as in real text.
EncodedCorpus corpus_of(int pairs, uint64_t seed = 1) {
  SplitMix64 random(seed);
  std::vector<std::vector<int32_t>> source, target;
  for (int i = 0; i < pairs; ++i) {
    const uint64_t length = 2 + random.below(36);
    source.emplace_back(length + random.below(4), 7);
    target.emplace_back(length + random.below(4), 7);
  }
  return EncodedCorpus::from_ids(source, target);
}

EncodedCorpus corpus_with_lengths(const std::vector<std::pair<size_t, size_t>>& lengths) {
  std::vector<std::vector<int32_t>> source, target;
  for (const auto& [source_length, target_length] : lengths) {
    source.emplace_back(source_length, 7);
    target.emplace_back(target_length, 7);
  }
  return EncodedCorpus::from_ids(source, target);
}

void expect_each_pair_once(const BatchPlan& plan, int64_t pairs) {
  std::vector<int64_t> all;
  for (const BatchIndices& batch : plan) all.insert(all.end(), batch.begin(), batch.end());
  std::sort(all.begin(), all.end());
  ASSERT_EQ(static_cast<int64_t>(all.size()), pairs);
  for (int64_t i = 0; i < pairs; ++i) EXPECT_EQ(all[static_cast<size_t>(i)], i);
}

TEST(BatchPlan, HasEachPairOnce) {
  const EncodedCorpus corpus = corpus_of(1000);
  for (int64_t epoch = 0; epoch < 3; ++epoch) expect_each_pair_once(plan_epoch(corpus, 300, 1, epoch), 1000);
  expect_each_pair_once(plan_sorted(corpus, 300), 1000);
}

// With windows far smaller than the usual ones.
TEST(BatchPlan, OfALargeCorpusHasEachPairOnceWindowByWindow) {
  const EncodedCorpus corpus = corpus_of(1000);
  BatchPlan all, next;
  const EpochPlan plan(corpus, 300, 1, 0, 128, 32), again(corpus, 300, 1, 0, 128, 32),
      later(corpus, 300, 1, 1, 128, 32);
  EXPECT_EQ(plan.windows(), 8);
  for (int64_t i = 0; i < plan.windows(); ++i) {
    const BatchPlan window = plan.window(i);
    EXPECT_EQ(window, again.window(i));
    size_t pairs = 0;
    std::set<int64_t> blocks;
    for (const auto& batch : window) {
      pairs += batch.size();
      for (const int64_t pair : batch) blocks.insert(pair / 32);
      all.push_back(batch);
    }
    EXPECT_LE(pairs, 128u);
    EXPECT_LE(blocks.size(), 4u);  // it reads these pieces alone
    for (const auto& batch : later.window(i)) next.push_back(batch);
  }
  expect_each_pair_once(all, 1000);
  expect_each_pair_once(next, 1000);
  EXPECT_NE(all, next);
}

TEST(BatchPlan, OfAnOrdinaryCorpusIsOneWindow) {
  const EncodedCorpus corpus = corpus_of(1000);
  const EpochPlan plan(corpus, 300, 1, 4);
  EXPECT_EQ(plan.windows(), 1);
  EXPECT_EQ(plan.window(0), plan_epoch(corpus, 300, 1, 4));
}

TEST(BatchPlan, StaysWithinTheBudgetOnBothSides) {
  const EncodedCorpus corpus = corpus_of(1000);
  for (const int64_t max_tokens : {41, 100, 1000, 100'000}) {
    for (const BatchIndices& batch : plan_epoch(corpus, max_tokens, 1, 0)) {
      ASSERT_FALSE(batch.empty());
      int64_t longest = 0;
      for (const int64_t i : batch)
        longest = std::max({longest, corpus.source_length(i), corpus.target_length(i)});
      EXPECT_LE(longest * static_cast<int64_t>(batch.size()), max_tokens);
      EXPECT_EQ(padded_tokens(batch, corpus), longest * static_cast<int64_t>(batch.size()));
    }
  }
}

TEST(BatchPlan, GivesAPairLongerThanTheBudgetABatchOfItsOwn) {
  const EncodedCorpus corpus = corpus_with_lengths({{3, 3}, {50, 3}, {3, 3}, {3, 60}});
  const BatchPlan plan = plan_epoch(corpus, 10, 1, 0);
  expect_each_pair_once(plan, 4);
  for (const BatchIndices& batch : plan) {
    const bool has_long =
        std::count(batch.begin(), batch.end(), 1) + std::count(batch.begin(), batch.end(), 3) > 0;
    EXPECT_TRUE(!has_long || batch.size() == 1u);
  }
}

TEST(BatchPlan, UsesTheBudget) {
  // Pairs of 5 tokens, 20 per batch.
  const EncodedCorpus corpus = corpus_with_lengths(std::vector<std::pair<size_t, size_t>>(60, {5, 4}));
  const BatchPlan plan = plan_epoch(corpus, 104, 1, 0);
  ASSERT_EQ(plan.size(), 3u);
  for (const BatchIndices& batch : plan) EXPECT_EQ(batch.size(), 20u);
}

TEST(BatchPlan, HasLittlePadding) {
  const EncodedCorpus corpus = corpus_of(5000);
  const BatchPlan plan = plan_epoch(corpus, 1000, 1, 0);
  EXPECT_LT(padding_share(plan, corpus), 0.05);
  // In the order of the corpus, about half is padding. The test must be able to see this.
  BatchPlan unsorted;
  for (int64_t i = 0; i < 5000; i += 50) {
    unsorted.emplace_back();
    for (int64_t j = i; j < i + 50; ++j) unsorted.back().push_back(j);
  }
  EXPECT_GT(padding_share(unsorted, corpus), 0.3);
}

TEST(BatchPlan, CountsPaddingOfBothSides) {
  const EncodedCorpus corpus = corpus_with_lengths({{2, 4}, {6, 4}});
  // 2 * 6 + 2 * 4 positions for 16 tokens.
  EXPECT_DOUBLE_EQ(padding_share({{0, 1}}, corpus), 1 - 16.0 / 20);
  EXPECT_DOUBLE_EQ(padding_share({{0}, {1}}, corpus), 0);
  EXPECT_DOUBLE_EQ(padding_share({}, corpus), 0);
}

TEST(BatchPlan, DependsOnlyOnSeedAndEpoch) {
  const EncodedCorpus corpus = corpus_of(1000);
  const BatchPlan plan = plan_epoch(corpus, 300, 1, 4);
  EXPECT_EQ(plan, plan_epoch(corpus, 300, 1, 4));
  EXPECT_NE(plan, plan_epoch(corpus, 300, 1, 5));
  EXPECT_NE(plan, plan_epoch(corpus, 300, 2, 4));
}

TEST(BatchPlan, GroupsOtherPairsInAnotherEpoch) {
  const EncodedCorpus corpus = corpus_of(5000);
  const auto contents = [&](int64_t epoch) {
    std::set<std::set<int64_t>> batches;
    for (const BatchIndices& batch : plan_epoch(corpus, 300, 1, epoch))
      batches.emplace(batch.begin(), batch.end());
    return batches;
  };
  const auto first = contents(0), second = contents(1);
  size_t same = 0;
  for (const auto& batch : first) same += second.count(batch);
  EXPECT_LT(same, first.size() / 10);
}

TEST(BatchPlan, DoesNotGoFromShortToLongInTraining) {
  const EncodedCorpus corpus = corpus_of(5000);
  const BatchPlan plan = plan_epoch(corpus, 300, 1, 0);
  size_t longer = 0;
  for (size_t i = 1; i < plan.size(); ++i)
    longer += corpus.target_length(plan[i][0]) >= corpus.target_length(plan[i - 1][0]);
  EXPECT_NEAR(static_cast<double>(longer) / static_cast<double>(plan.size()), 0.5, 0.1);
}

TEST(BatchPlan, GoesFromShortToLongInValidation) {
  const EncodedCorpus corpus = corpus_of(500);
  const BatchPlan plan = plan_sorted(corpus, 300);
  for (size_t i = 1; i < plan.size(); ++i) {
    EXPECT_GE(corpus.target_length(plan[i].front()), corpus.target_length(plan[i - 1].back()));
  }
}

}  // namespace
}  // namespace dragoman
