#include "evaluation/ngrams.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "core/random.h"

namespace dragoman {
namespace {

using Ngram = std::vector<uint32_t>;

// The same counts by n-gram, with a plain map.
std::map<Ngram, std::vector<int32_t>> plain_counts(const std::vector<ItemSequence>& sequences, size_t order) {
  std::map<Ngram, std::vector<int32_t>> counts;
  for (size_t s = 0; s < sequences.size(); ++s) {
    for (size_t i = 0; i + order <= sequences[s].size(); ++i) {
      const auto begin = sequences[s].begin() + static_cast<std::ptrdiff_t>(i);
      auto& row = counts[Ngram(begin, begin + static_cast<std::ptrdiff_t>(order))];
      row.resize(sequences.size());
      ++row[s];
    }
  }
  return counts;
}

TEST(Ngrams, CountsAreThoseOfAPlainMapForEveryOrder) {
  SplitMix64 random(3);
  for (int trial = 0; trial < 50; ++trial) {
    std::vector<ItemSequence> sequences(1 + random.below(3));
    for (auto& sequence : sequences) {
      sequence.resize(random.below(30));
      for (auto& item : sequence) item = static_cast<uint32_t>(random.below(4) + 0xFFFFFFF0u);
    }
    NgramCounts ngrams(sequences);
    for (size_t order = 1; order <= 6; ++order) {
      if (order > 1) ngrams.lengthen();
      // The numbers have no order, so the rows are compared as multisets.
      std::multiset<std::vector<int32_t>> expected, actual;
      for (const auto& [ngram, row] : plain_counts(sequences, order)) expected.insert(row);
      for (size_t k = 0; k < ngrams.of(0).size(); ++k) {
        std::vector<int32_t> row;
        for (size_t s = 0; s < sequences.size(); ++s) row.push_back(ngrams.of(s)[k]);
        actual.insert(row);
      }
      EXPECT_EQ(actual, expected) << "order " << order;
    }
  }
}

TEST(Ngrams, TotalIsLengthMinusOrderPlusOneAndNeverNegative) {
  NgramCounts ngrams({{1, 2, 3}, {}, {7}});
  EXPECT_EQ(ngrams.total(0), 3);
  EXPECT_EQ(ngrams.total(1), 0);
  ngrams.lengthen();
  EXPECT_EQ(ngrams.total(0), 2);
  EXPECT_EQ(ngrams.total(2), 0);
  ngrams.lengthen();
  ngrams.lengthen();
  EXPECT_EQ(ngrams.total(0), 0);
}

TEST(Ngrams, EqualWordsHaveEqualNumbers) {
  WordNumbers numbers;
  EXPECT_EQ(numbers.numbers({"a", "b", "a", ""}), (ItemSequence{0, 1, 0, 2}));
  EXPECT_EQ(numbers.number("b"), 1u);
}

}  // namespace
}  // namespace dragoman
