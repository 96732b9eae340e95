// uses: torch
#include "training/snapshots.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "core/files.h"
#include "tests/model/small_model.h"

namespace dragoman {
namespace {

std::vector<int64_t> updates_of(const std::vector<Snapshot>& list) {
  std::vector<int64_t> updates;
  for (const Snapshot& snapshot : list) updates.push_back(snapshot.update);
  return updates;
}

using Numbers = std::vector<int64_t>;

TEST(Snapshots, TheWorstScoreLeavesTheList) {
  const std::vector<Snapshot> list = {{1, 5}, {2, 3}, {3, 4}};
  EXPECT_EQ(updates_of(with_snapshot(list, {4, 6}, 3, true)), (Numbers{1, 3, 4}));
  EXPECT_EQ(updates_of(with_snapshot(list, {4, 1}, 3, true)), (Numbers{1, 2, 3}));
  EXPECT_EQ(updates_of(with_snapshot(list, {4, 1}, 4, true)), (Numbers{1, 2, 3, 4}));
}

TEST(Snapshots, OfTheSameScoreTheOlderLeavesTheList) {
  EXPECT_EQ(updates_of(with_snapshot({{1, 5}, {2, 5}}, {3, 5}, 2, true)), (Numbers{2, 3}));
}

TEST(Snapshots, WithoutScoresTheOldestLeavesTheList) {
  EXPECT_EQ(updates_of(with_snapshot({{1, 9}, {2, 3}}, {3, 1}, 2, false)), (Numbers{2, 3}));
}

class SnapshotFiles : public ::testing::Test {
 protected:
  SnapshotFiles() {
    for (const int64_t update : {1, 2, 3}) write_snapshot(folder_.path("."), model_, update);
  }

  TemporaryFolder folder_;
  Transformer model_{small_options()};
  std::ostringstream text_;
  Log log_{text_};
  std::vector<Snapshot> list_ = {{1, 5}, {2, 6}, {3, 7}};
};

TEST_F(SnapshotFiles, LostAndDamagedOnesLeaveTheListWithAWarning) {
  std::filesystem::remove(snapshot_path(folder_.path("."), 1));
  std::filesystem::resize_file(snapshot_path(folder_.path("."), 3), 100);
  const auto intact = intact_snapshots(list_, folder_.path("."), model_->options(), log_);
  EXPECT_EQ(updates_of(intact), Numbers{2});
  EXPECT_EQ(log_.warnings(), 2);
}

TEST_F(SnapshotFiles, ThoseOutsideTheListAreRemoved) {
  remove_unlisted_snapshots(folder_.path("."), {{2, 6}});
  EXPECT_EQ(list_folder(snapshots_folder(folder_.path("."))),
            std::vector<std::string>{"update-2.safetensors"});
  EXPECT_TRUE(has_snapshots(folder_.path(".")));
  remove_unlisted_snapshots(folder_.path("."), {});
  EXPECT_FALSE(has_snapshots(folder_.path(".")));
}

}  // namespace
}  // namespace dragoman
