#include "core/block_pipeline.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <stdexcept>

namespace dragoman {
namespace {

class EachThreadCount : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(BlockPipeline, EachThreadCount, testing::Values(0, 1, 2, 3, 8));

// A few milliseconds for some blocks, so that they are done out of order.
void linger(int block) {
  if (block % 5 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(block % 3));
}

TEST_P(EachThreadCount, UsesEveryBlockInOrder) {
  std::vector<int> used;
  BlockPipeline<int> pipeline(
      GetParam(), [](int& block, int64_t) { linger(block), block *= 2; },
      [&](int& block) { used.push_back(block); });
  for (int i = 0; i < 200; ++i) pipeline.add(i);
  pipeline.finish();
  ASSERT_EQ(used.size(), 200u);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(used[i], 2 * i);
  pipeline.add(1);
  pipeline.finish();
  EXPECT_EQ(used.back(), 2);
}

TEST_P(EachThreadCount, BoundsTheBlocksInMemory) {
  std::atomic<int> alive = 0, most = 0;
  int added = 0, used = 0;
  BlockPipeline<int> pipeline(
      GetParam(), [](int& block, int64_t) { linger(block); }, [&](int&) { ++used; });
  for (; added < 100; ++added) {
    pipeline.add(added);
    most = std::max(most.load(), added + 1 - used);
  }
  pipeline.finish();
  EXPECT_LE(most, GetParam() > 1 ? 2 * GetParam() : 0);
}

TEST_P(EachThreadCount, GivesEachThreadANumberOfItsOwn) {
  std::mutex mutex;
  std::vector<bool> busy(std::max(1, GetParam()));
  bool twice = false;
  BlockPipeline<int> pipeline(
      GetParam(),
      [&](int& block, int64_t worker) {
        {
          const std::lock_guard lock(mutex);
          twice |= busy.at(worker);
          busy[worker] = true;
        }
        linger(block);
        const std::lock_guard lock(mutex);
        busy[worker] = false;
      },
      [](int&) {});
  for (int i = 0; i < 100; ++i) pipeline.add(i);
  pipeline.finish();
  EXPECT_FALSE(twice);
}

TEST_P(EachThreadCount, ThrowsTheFirstFailureOfTheWorkAfterTheUsesBeforeIt) {
  std::vector<int> used;
  BlockPipeline<int> pipeline(
      GetParam(),
      [](int& block, int64_t) {
        linger(block);
        if (block == 30 || block == 31) throw std::runtime_error(std::to_string(block));
      },
      [&](int& block) { used.push_back(block); });
  try {
    for (int i = 0; i < 60; ++i) pipeline.add(i);
    pipeline.finish();
    FAIL() << "expected an exception";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "30");
  }
  EXPECT_EQ(used.size(), 30u);
}

TEST(BlockPipeline, EndsWithBlocksThatNobodyUsed) {
  BlockPipeline<int> pipeline(
      3, [](int&, int64_t) {}, [](int&) { throw std::runtime_error("use"); });
  EXPECT_THROW(
      {
        for (int i = 0; i < 60; ++i) pipeline.add(i);
        pipeline.finish();
      },
      std::runtime_error);
}

}  // namespace
}  // namespace dragoman
