#include "data/held_out.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/error.h"
#include "data/parallel_text.h"

namespace dragoman {
namespace {

TextPairs pairs_of(const std::vector<std::string>& source) {
  TextPairs pairs{source, {}, {}, std::make_shared<std::vector<FilePair>>(1, FilePair{"a.en", "a.de"})};
  for (size_t i = 0; i < source.size(); ++i) {
    pairs.target.push_back("target " + std::to_string(i));
    pairs.origin.push_back({0, static_cast<int32_t>(i) + 1});
  }
  return pairs;
}

std::vector<std::string> numbered(int count, int different) {
  std::vector<std::string> lines;
  for (int i = 0; i < count; ++i) lines.push_back("source " + std::to_string(i % different));
  return lines;
}

std::set<std::string> set_of(const std::vector<std::string>& lines) {
  return {lines.begin(), lines.end()};
}

struct HeldOutSplit {
  TextPairs train, held_out;
};

// As a training run does it.
HeldOutSplit split_held_out(const TextPairs& pairs) {
  HeldOutChooser chooser;
  for (const std::string& source : pairs.source) chooser.add(source);
  const auto choice = chooser.choose("a.en");
  HeldOutSplit split;
  for (int64_t i = 0; i < pairs.size(); ++i) {
    const VisitedPair pair = pairs.at(i);
    (choice.sources.count(pair.source) > 0 ? split.held_out : split.train).append(pair);
  }
  EXPECT_EQ(choice.pairs, split.held_out.size());
  return split;
}

TEST(HeldOut, IsOnePercentAtMostAThousandAndAtLeastOne) {
  EXPECT_EQ(held_out_size(2), 1);
  EXPECT_EQ(held_out_size(199), 1);
  EXPECT_EQ(held_out_size(200), 2);
  EXPECT_EQ(held_out_size(99'999), 999);
  EXPECT_EQ(held_out_size(10'000'000), 1000);
}

TEST(HeldOut, HoldsOutExactlyThisNumberOfDifferentSources) {
  for (const int count : {2, 100, 1000, 5000}) {
    const HeldOutSplit split = split_held_out(pairs_of(numbered(count, count)));
    EXPECT_EQ(split.held_out.size(), held_out_size(count));
    EXPECT_EQ(split.train.size() + split.held_out.size(), count);
  }
}

TEST(HeldOut, NeverHoldsOutASourceThatIsTrainedOn) {
  const HeldOutSplit split = split_held_out(pairs_of(numbered(3000, 900)));
  const std::set<std::string> held_out = set_of(split.held_out.source);
  for (const std::string& source : split.train.source) EXPECT_EQ(held_out.count(source), 0u) << source;
  EXPECT_EQ(split.train.size() + split.held_out.size(), 3000);
  EXPECT_LE(split.held_out.size(), 30);
  EXPECT_GE(split.held_out.size(), 27);
}

TEST(HeldOut, KeepsEachPairTogetherWithItsOriginAndTheOrder) {
  const HeldOutSplit split = split_held_out(pairs_of(numbered(1000, 1000)));
  for (const TextPairs* side : {&split.train, &split.held_out}) {
    for (int64_t i = 0; i < side->size(); ++i) {
      const auto at = static_cast<size_t>(i);
      const std::string number = side->source[at].substr(std::string("source ").size());
      EXPECT_EQ(side->target[at], "target " + number);
      EXPECT_EQ(side->place(i), "a.en:" + std::to_string(std::stoi(number) + 1));
      EXPECT_TRUE(i == 0 || side->origin[at - 1].line < side->origin[at].line);
    }
  }
}

TEST(HeldOut, DoesNotDependOnTheOrderOfTheCorpus) {
  std::vector<std::string> lines = numbered(1000, 1000);
  const std::set<std::string> expected = set_of(split_held_out(pairs_of(lines)).held_out.source);
  std::reverse(lines.begin(), lines.end());
  EXPECT_EQ(set_of(split_held_out(pairs_of(lines)).held_out.source), expected);
}

TEST(HeldOut, HoldsOutTheRarestSourceWhenEverySourceHasTooManyPairs) {
  const HeldOutSplit split = split_held_out(pairs_of({"a", "b", "a", "b", "a"}));
  EXPECT_EQ(split.held_out.source, (std::vector<std::string>{"b", "b"}));
  EXPECT_EQ(split.train.size(), 3);
}

TEST(HeldOut, RefusesACorpusWithASingleSource) {
  for (const auto& lines :
       {std::vector<std::string>{}, std::vector<std::string>{"a"}, std::vector<std::string>{"a", "a"}}) {
    EXPECT_THROW(split_held_out(pairs_of(lines)), DataError);
  }
}

}  // namespace
}  // namespace dragoman
