#include "core/hash_set.h"

#include <gtest/gtest.h>

#include <set>

#include "core/random.h"

namespace dragoman {
namespace {

TEST(HashSet, IsASetOfItsHashes) {
  HashSet ours;
  std::set<uint64_t> known;
  SplitMix64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    // Few enough values that many come again, spread so that many share their place.
    const uint64_t hash = random.below(12'000) << (8 * random.below(7));
    // 0 and 1 are one hash here.
    EXPECT_EQ(ours.insert(hash), known.insert(hash == 0 ? 1 : hash).second) << hash;
  }
  EXPECT_EQ(ours.size(), known.size());
}

}  // namespace
}  // namespace dragoman
