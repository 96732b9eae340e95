#include "tokenizer/piece_trie.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "core/random.h"

namespace dragoman {
namespace {

// Many pieces with common prefixes, with bytes above 127 and zero bytes. The table must grow.
TEST(PieceTrie, FindsTheSameAsAMap) {
  SplitMix64 random(1);
  const auto text = [&] {
    std::string bytes;
    for (uint64_t i = 0, size = 1 + random.below(5); i < size; ++i)
      bytes += std::string("ab\xE2\x96\x81\0c", 7)[random.below(7)];
    return bytes;
  };
  PieceTrie trie;
  std::map<std::string, int32_t> expected;
  for (int32_t id = 0; id < 3000; ++id) {
    const std::string piece = text();
    trie.add(piece, {id, -0.5 * id});
    expected[piece] = id;  // the later one counts, as in the trie
  }
  ASSERT_GT(expected.size(), 1000u);
  for (int i = 0; i < 5000; ++i) {
    const std::string wanted = text();
    const auto* found = trie.find(wanted);
    const auto there = expected.find(wanted);
    ASSERT_EQ(found != nullptr, there != expected.end());
    if (found) {
      EXPECT_EQ(found->id, there->second);
      EXPECT_EQ(found->score, -0.5 * there->second);
    }
  }
}

TEST(PieceTrie, StopsWhereNoPieceContinuesAndDistinguishesPrefixesFromPieces) {
  PieceTrie trie;
  trie.add("abc", {7, 1});
  EXPECT_EQ(trie.find("ab"), nullptr);
  EXPECT_EQ(trie.find("abcd"), nullptr);
  EXPECT_EQ(trie.find(""), nullptr);
  ASSERT_NE(trie.find("abc"), nullptr);
  EXPECT_EQ(trie.at(trie.next(trie.root(), 'a')).id, PieceTrie::kNone);
  EXPECT_EQ(trie.next(trie.root(), 'b'), PieceTrie::kNone);
}

}  // namespace
}  // namespace dragoman
