#include "decoding/loop_guard.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "core/files.h"
#include "core/lines.h"
#include "core/random.h"
#include "tests/support/test_data.h"
#include "tests/tokenizer/sample_text.h"
#include "tokenizer/tokenizer.h"

namespace dragoman {
namespace {

using Ids = std::vector<int64_t>;

Ids counted(size_t count, int64_t first = 100) {
  Ids ids(count);
  std::iota(ids.begin(), ids.end(), first);
  return ids;
}
Ids repeated(const Ids& unit, size_t count, Ids before = {}) {
  for (size_t i = 0; i < count; ++i) before.insert(before.end(), unit.begin(), unit.end());
  return before;
}

TEST(LoopGuard, FindsContiguousRepetitions) {
  for (const size_t unit : {1, 2, 3, 5, 16}) {
    const size_t enough = std::max<size_t>(4, (16 + unit - 1) / unit);
    EXPECT_TRUE(repeats_itself(repeated(counted(unit), enough, counted(7, 1)))) << unit;
    EXPECT_FALSE(repeats_itself(repeated(counted(unit), 3, counted(20, 1)))) << unit;
  }
}

TEST(LoopGuard, AllowsAFewRepetitionsOfAWord) {
  EXPECT_FALSE(repeats_itself(repeated({5, 6}, 7)));  // "ha, ha, ha, ha, ha, ha, ha"
  EXPECT_FALSE(repeats_itself(repeated({5}, 15)));
  EXPECT_FALSE(repeats_itself({}));
}

TEST(LoopGuard, FindsAClauseThatIsRepeatedWithOneWordChanged) {
  Ids ids;
  for (int64_t i = 0; i < 6; ++i) ids = repeated({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 50 + i % 2}, 1, ids);
  EXPECT_TRUE(repeats_itself(ids));
  // Two sentences with the same beginning are not a loop.
  EXPECT_FALSE(repeats_itself(repeated(counted(14), 1, repeated(counted(14), 1, counted(20, 1)))));
}

TEST(LoopGuard, DoesNotTakeTextForALoop) {
  SplitMix64 random(1);
  for (int i = 0; i < 1000; ++i) {
    Ids ids;  // as common as a vocabulary of 40 words gets
    for (uint64_t n = 1 + random.below(200); n > 0; --n)
      ids.push_back(static_cast<int64_t>(random.below(40)));
    EXPECT_FALSE(repeats_itself(ids));
  }
}

TEST(LoopGuard, ATranslationIsNoLoopIfItsSourceRepeatsItself) {
  const Ids loop = repeated({1, 2}, 20);
  EXPECT_TRUE(is_loop(counted(30), loop));
  EXPECT_FALSE(is_loop(repeated({7}, 40), loop));
}

TEST(LoopGuard, ATranslationMuchLongerThanItsSourceIsALoop) {
  EXPECT_FALSE(is_loop(counted(5), counted(45)));
  EXPECT_TRUE(is_loop(counted(5), counted(46)));
}

TEST(LoopGuardOnRealData, FindsNoLoopInHumanTranslations) {
  const std::string folder = test_data("data/wmt-newstest");
  if (folder.empty()) GTEST_SKIP() << needs_test_data("data/wmt-newstest");
  const auto read = [&](const std::string& name) {
    std::vector<std::string> lines;
    LineReader reader(join_path(folder, name));
    for (std::string line; reader.next(line);) lines.push_back(line);
    return lines;
  };
  const auto source = read("newstest2013.en.gz"), target = read("newstest2013.de.gz");
  const TrainedTokenizer trained = train_on(target, small_tokenizer_options("bpe", 4000));
  const Tokenizer tokenizer = Tokenizer::from_bytes(trained.model, vocabulary_of(trained.model, "de"), "de");
  for (size_t i = 0; i < target.size(); ++i)
    EXPECT_FALSE(is_loop(tokenizer.encode(source[i]), tokenizer.encode(target[i]))) << target[i];
}

TEST(LoopGuard, NamesTheTokensThatWouldRepeatAnNgram) {
  EXPECT_EQ(repeating_tokens({1, 2, 3, 1, 2}, 3), Ids{3});
  EXPECT_EQ(repeating_tokens({1, 2, 3, 1, 2, 4, 1, 2}, 3), (Ids{3, 4}));
  EXPECT_EQ(repeating_tokens({1, 2, 3}, 1), (Ids{1, 2, 3}));
  EXPECT_EQ(repeating_tokens({5, 5}, 2), Ids{5});
  EXPECT_EQ(repeating_tokens({1, 2}, 3), Ids{});
  EXPECT_EQ(repeating_tokens({1}, 9), Ids{});
  EXPECT_EQ(repeating_tokens({}, 1), Ids{});
}

}  // namespace
}  // namespace dragoman
