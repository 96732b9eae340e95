// uses: torch
#include "training/run_folder.h"

#include <gtest/gtest.h>

#include <sstream>

namespace dragoman {
namespace {

ModelOptions fail() {
  throw DataError("disk", "no space left");
}

TEST(LockedFolder, OfARunThatCouldNotBeginIsRemovedOnlyIfItWasNew) {
  const TemporaryFolder folder;
  make_folder(folder.path("old"));
  folder.write("old/file", "the user's");
  for (const char* name : {"old", "new"}) {
    const LockedFolder locked(folder.path(name));
    EXPECT_THROW(locked.begin(fail), DataError);
  }
  EXPECT_TRUE(file_exists(folder.path("old/file")));
  EXPECT_FALSE(file_exists(folder.path("new")));
}

TEST(LockedFolder, IsLockedUntilItIsDestroyedAlsoWhenItWasMoved) {
  const TemporaryFolder folder;
  {
    LockedFolder first(folder.path("m"));
    const LockedFolder moved(std::move(first));
    EXPECT_THROW(LockedFolder(folder.path("m")), UsageError);
  }
  const LockedFolder again(folder.path("m"));
}

TEST(OpenEarlierRun, MakesNoFolder) {
  const TemporaryFolder folder;
  std::ostringstream text;
  Log log(text);
  RunOptions options;
  options.model_folder = folder.path("m");
  EXPECT_FALSE(open_earlier_run(options, log).has_value());
  EXPECT_FALSE(file_exists(options.model_folder));
  const OpenedRun opened = open_new_run(options, log);
  EXPECT_TRUE(opened.found.is_new());
  EXPECT_TRUE(is_folder(options.model_folder));
}

// Without checkpoints a start was interrupted: run.json may be overwritten if a run wrote it.
TEST(OpenEarlierRun, RefusesSettingsOfTheUsersOwn) {
  const TemporaryFolder folder;
  std::ostringstream text;
  Log log(text);
  RunOptions options;
  options.model_folder = folder.path("m");
  make_folder(options.model_folder);
  write_run_settings(options);
  EXPECT_FALSE(open_earlier_run(options, log).has_value());
  folder.write("m/run.json", "{\"seed\": 3}");
  EXPECT_THROW(open_earlier_run(options, log), UsageError);
}

}  // namespace
}  // namespace dragoman
