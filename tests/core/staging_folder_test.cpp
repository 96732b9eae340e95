#include "core/staging_folder.h"

#include <gtest/gtest.h>

#include "core/files.h"
#include "core/interrupt.h"

namespace dragoman {
namespace {

using Names = std::vector<std::string>;

TEST(StagingFolder, IsThereWhenItIsFinishedAndOnlyThen) {
  const TemporaryFolder folder;
  {
    const StagingFolder dropped(folder.path("new/"), "last");
    write_file_atomically(join_path(dropped.path(), "a"), "1");
    EXPECT_FALSE(file_exists(folder.path("new")));
  }
  EXPECT_EQ(list_folder(folder.path()), Names{});
  StagingFolder staging(folder.path("new/"), "last");
  write_file_atomically(join_path(staging.path(), "a"), "2");
  staging.finish();
  EXPECT_EQ(list_folder(folder.path()), Names{"new"});
  EXPECT_EQ(read_file(folder.path("new/a"), ErrorKind::kData), "2");
}

TEST(StagingFolder, InAFolderThatIsThereItsLastFileIsMovedLast) {
  const TemporaryFolder folder;
  folder.write("mine", "kept");
  StagingFolder staging(folder.path(), "config.json");
  for (const char* name : {"a", "config.json", "z"})
    write_file_atomically(join_path(staging.path(), name), name);
  Names moved;
  set_file_call_hook([&](const FileCall& call) {
    if (std::string(call.name) == "rename") moved.push_back(call.to.substr(call.to.rfind('/') + 1));
    return 0;
  });
  staging.finish();
  set_file_call_hook(nullptr);
  EXPECT_EQ(moved, (Names{"a", "z", "config.json"}));
  EXPECT_EQ(list_folder(folder.path()), (Names{"a", "config.json", "mine", "z"}));
}

TEST(StagingFolder, LeavesNothingWhenAMoveFails) {
  const TemporaryFolder folder;
  {
    StagingFolder staging(folder.path(), "config.json");
    for (const char* name : {"a", "config.json"})
      write_file_atomically(join_path(staging.path(), name), name);
    set_file_call_hook([](const FileCall& call) {
      return std::string(call.name) == "rename" && call.to.find("config") != std::string::npos ? ENOSPC : 0;
    });
    EXPECT_THROW(staging.finish(), DataError);
    set_file_call_hook(nullptr);
  }
  EXPECT_EQ(list_folder(folder.path()), Names{});
}

TEST(StagingFolder, ASignalBeforeTheEndLeavesNothing) {
  const TemporaryFolder folder;
  {
    StagingFolder staging(folder.path("new"), "last");
    request_interrupt(15);
    EXPECT_THROW(staging.finish(), Interrupted);
    clear_interrupt();
  }
  EXPECT_EQ(list_folder(folder.path()), Names{});
}

TEST(StagingFolder, WhatAKilledCommandLeftIsNotInTheWay) {
  const TemporaryFolder folder;
  EXPECT_TRUE(is_free_for_new_folder(folder.path("none")));
  EXPECT_TRUE(is_free_for_new_folder(folder.path()));
  folder.write("a", "half moved");
  EXPECT_FALSE(is_free_for_new_folder(folder.path()));
  EXPECT_FALSE(is_free_for_new_folder(folder.path("a")));
  make_folder(folder.path(".unfinished"));
  folder.write(".unfinished/old", "half written");
  EXPECT_TRUE(is_free_for_new_folder(folder.path()));
  StagingFolder staging(folder.path(), "a");
  write_file_atomically(join_path(staging.path(), "a"), "whole");
  staging.finish();
  EXPECT_EQ(list_folder(folder.path()), Names{"a"});
}

}  // namespace
}  // namespace dragoman
