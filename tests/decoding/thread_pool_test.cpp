#include "decoding/packed/thread_pool.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace dragoman {
namespace {

constexpr int64_t kMuchWork = 1 << 30;

TEST(ThreadPool, EveryPartRunsOnceForAnyNumberOfThreads) {
  for (const int threads : {1, 2, 3, 7}) {
    ThreadPool pool(threads);
    for (const int64_t count : {0, 1, 2, 5, 100}) {
      std::vector<int> done(static_cast<size_t>(count));
      for (int round = 1; round <= 50; ++round) {
        pool.run(count, kMuchWork, [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) ++done[static_cast<size_t>(i)];
        });
        for (const int times : done) ASSERT_EQ(times, round) << threads << " threads, " << count;
      }
    }
  }
}

TEST(ThreadPool, PartsBeginAtMultiplesOfTheGrain) {
  ThreadPool pool(3);
  std::vector<int> begins(10);
  pool.run(
      10, kMuchWork, [&](int64_t begin, int64_t) { ++begins[static_cast<size_t>(begin)]; }, 4);
  for (size_t i = 0; i < begins.size(); ++i) EXPECT_LE(begins[i], i % 4 == 0 ? 1 : 0) << i;
}

TEST(ThreadPool, LittleWorkStaysWithTheCaller) {
  ThreadPool pool(2);
  pool.run(100, 10, [&](int64_t begin, int64_t end) {
    EXPECT_EQ(begin, 0);
    EXPECT_EQ(end, 100);
  });
}

TEST(ThreadPool, SleepingThreadsWakeUp) {
  ThreadPool pool(2);
  for (int round = 0; round < 3; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::vector<int> done(2);
    pool.run(2, kMuchWork, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) ++done[static_cast<size_t>(i)];
    });
    EXPECT_EQ(done, (std::vector<int>{1, 1}));
  }
}

}  // namespace
}  // namespace dragoman
