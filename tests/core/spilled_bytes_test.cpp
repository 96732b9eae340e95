#include "core/spilled_bytes.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "core/files.h"

namespace dragoman {
namespace {

// 0, 1, 2, ... with a spill after `in_memory` numbers; -1: never.
SpilledArray<uint64_t> numbers(int64_t count, int64_t in_memory, const std::string& folder) {
  SpilledArray<uint64_t> array;
  for (int64_t i = 0; i < count; ++i) {
    if (i == in_memory) array.spill(folder);
    array.append(static_cast<uint64_t>(i));
  }
  array.seal();
  return array;
}

// The third number of /proc/self/statm: resident pages of files and shared memory.
int64_t resident_pages_of_files() {
  std::ifstream statm("/proc/self/statm");
  int64_t total = 0, resident = 0, of_files = 0;
  statm >> total >> resident >> of_files;
  return of_files;
}

TEST(SpilledArray, HoldsWhatWasAppendedInMemoryAndInAFile) {
  const TemporaryFolder folder;
  for (const int64_t in_memory : {-1, 0, 1, 299'999}) {
    const SpilledArray<uint64_t> array = numbers(300'000, in_memory, folder.path(""));
    ASSERT_EQ(array.size(), 300'000);
    for (int64_t i = 0; i < array.size(); ++i) ASSERT_EQ(array[i], static_cast<uint64_t>(i));
  }
}

TEST(SpilledArray, LeavesNothingInTheFolder) {
  const TemporaryFolder folder;
  const SpilledArray<uint64_t> array = numbers(10, 5, folder.path(""));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path("")));
}

TEST(SpilledArray, HoldsTheSameAfterItsMemoryWasReleased) {
  const TemporaryFolder folder;
  // 8 MB in a file, all of which was read.
  const SpilledArray<uint64_t> array = numbers(1'000'000, 5, folder.path(""));
  uint64_t sum = 0;
  for (int64_t i = 0; i < array.size(); ++i) sum += array[i];
  const int64_t before = resident_pages_of_files();
  array.release();
  EXPECT_LT(resident_pages_of_files(), before - 1500);  // of 1,953 pages
  for (int64_t i = 0; i < array.size(); ++i) sum -= array[i];
  EXPECT_EQ(sum, 0u);
  numbers(10, -1, "").release();
}

TEST(SpilledArray, CanBeMovedAndEmpty) {
  const TemporaryFolder folder;
  SpilledArray<uint64_t> array = numbers(1000, 500, folder.path(""));
  SpilledArray<uint64_t> other;
  other = std::move(array);
  EXPECT_EQ(other[999], 999u);
  SpilledArray<uint64_t> nothing;
  nothing.spill(folder.path(""));
  nothing.seal();
  EXPECT_EQ(nothing.size(), 0);
}

TEST(SpilledArray, SaysWhichFolderCannotTakeIt) {
  SpilledArray<uint64_t> array;
  try {
    array.spill("/no/such/folder");
    FAIL() << "expected a DataError";
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("/no/such/folder"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace dragoman
