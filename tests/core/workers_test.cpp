#include "core/workers.h"

#include <gtest/gtest.h>

#include <numeric>
#include <stdexcept>
#include <string>

namespace dragoman {
namespace {

// Simulates a worker that translates or trains: reads shared data, writes its own.
std::string stand_in(const std::vector<std::string>& lines, size_t line) {
  return std::string(lines[line].rbegin(), lines[line].rend());
}

TEST(Workers, ShareOneTaskAgainAndAgain) {
  std::vector<std::string> lines;
  for (int i = 0; i < 100; ++i) lines.push_back("line " + std::to_string(i));
  for (const int count : {1, 2, 3, 7}) {
    Workers workers(count);
    EXPECT_EQ(workers.count(), count);
    std::vector<std::string> results(lines.size());
    for (int round = 0; round < 50; ++round) {
      workers.run([&](int index) {
        for (size_t i = static_cast<size_t>(index); i < lines.size(); i += static_cast<size_t>(count))
          results[i] = stand_in(lines, i) + std::to_string(round);
      });
      for (size_t i = 0; i < lines.size(); ++i)
        ASSERT_EQ(results[i], stand_in(lines, i) + std::to_string(round));
    }
  }
}

TEST(Workers, EndARoundBeforeTheNextBegins) {
  Workers workers(4);
  std::vector<int> sums(4);
  for (int round = 1; round <= 200; ++round) {
    const int before =
        std::accumulate(sums.begin(), sums.end(), 0);  // read without a lock: no task may be running
    workers.run([&](int index) {
      sums[static_cast<size_t>(index)] += before;
      ++sums[static_cast<size_t>(index)];
    });
    for (int& sum : sums) sum = round;
  }
  EXPECT_EQ(sums[0], 200);
}

TEST(Workers, ThrowOnWhatOneOfThemThrew) {
  Workers workers(3);
  for (int thrower = 0; thrower < 3; ++thrower) {
    EXPECT_THROW(workers.run([&](int index) {
      if (index == thrower) throw std::runtime_error("one");
    }),
                 std::runtime_error);
    int done = 0;
    workers.run([&](int index) {
      if (index == 0) done = 1;
    });  // and work again afterwards
    EXPECT_EQ(done, 1);
  }
}

}  // namespace
}  // namespace dragoman
