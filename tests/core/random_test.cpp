#include "core/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

namespace dragoman {
namespace {

TEST(Random, SplitMix64GivesThePublishedNumbers) {
  // The first outputs of the authors' splitmix64.c for the seed 1234567.
  SplitMix64 random(1234567);
  for (const uint64_t expected : {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                  4593380528125082431u, 16408922859458223821u}) {
    EXPECT_EQ(random.next(), expected);
  }
}

TEST(Random, StableHashIsFnv1aThenTheFinish) {
  // FNV-1a's published values: 64 bits of "", "a" and "foobar".
  EXPECT_EQ(stable_hash(""), SplitMix64(0xCBF29CE484222325u).next());
  EXPECT_EQ(stable_hash("a"), SplitMix64(0xAF63DC4C8601EC8Cu).next());
  EXPECT_EQ(stable_hash("foobar"), SplitMix64(0x85944171F73967E8u).next());
}

TEST(Random, AShuffleIsAPermutationFixedByItsSeedAlone) {
  std::vector<int> sorted(100);
  std::iota(sorted.begin(), sorted.end(), 0);
  auto one = sorted, again = sorted, other = sorted;
  shuffle(one, 7), shuffle(again, 7), shuffle(other, 8);
  EXPECT_EQ(one, again);
  EXPECT_NE(one, other);
  EXPECT_NE(one, sorted);
  std::sort(one.begin(), one.end());
  EXPECT_EQ(one, sorted);
  std::vector<int> none;
  shuffle(none, 1);
  EXPECT_TRUE(none.empty());
}

TEST(Random, EveryOrderOfThreeComesEquallyOften) {
  std::map<std::vector<int>, int> counts;
  for (uint64_t seed = 0; seed < 6000; ++seed) {
    std::vector<int> items = {0, 1, 2};
    shuffle(items, seed);
    ++counts[items];
  }
  ASSERT_EQ(counts.size(), 6u);
  for (const auto& [order, count] : counts) EXPECT_NEAR(count, 1000, 150);  // 5 standard deviations
}

TEST(Random, MixedSeedsDependOnBothAndOnTheirOrder) {
  std::set<uint64_t> seeds;
  for (uint64_t a = 0; a < 30; ++a) {
    for (uint64_t b = 0; b < 30; ++b) seeds.insert(mix_seeds(a, b));
  }
  EXPECT_EQ(seeds.size(), 900u);
  EXPECT_EQ(mix_seeds(3, 4), mix_seeds(3, 4));
}

TEST(Random, UniformLiesInTheHalfOpenUnitInterval) {
  SplitMix64 random(1);
  double sum = 0;
  for (int i = 0; i < 10000; ++i) {
    const double x = random.uniform();
    ASSERT_GE(x, 0);
    ASSERT_LT(x, 1);
    sum += x;
  }
  EXPECT_NEAR(sum / 10000, 0.5, 0.015);  // 5 standard deviations
}

}  // namespace
}  // namespace dragoman
