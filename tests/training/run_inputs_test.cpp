// uses: torch
#include "training/run_inputs.h"

#include <gtest/gtest.h>

#include <sstream>

#include "folder/manifest.h"
#include "folder/model_examination.h"
#include "tests/support/opened_files.h"
#include "tests/support/small_model.h"
#include "training/fine_tuning.h"
#include "training/run.h"

namespace dragoman {
namespace {

class PreparedRun : public ::testing::Test {
 protected:
  PreparedRun() {
    for (const auto& line : sample_lines(40)) pairs_ += line + "\t" + line + "\n";
    folder_.write("pairs.tsv", pairs_);
    make_folder(model_);
    if (opened_files(model_, [&] { folder_.write("m/probe", ""); }).empty()) system_can_tell_ = false;
    remove_all(folder_.path("m/probe"));
  }

  RunOptions options() const {
    RunOptions run;
    run.train.pairs = {folder_.path("pairs.tsv")};
    run.model_folder = model_;
    run.preset = "tiny";
    run.tokenizer.vocab_size = 60;
    run.model = small_model_options();
    run.training.max_updates = 1;
    run.training.valid_every = 0;
    run.training.threads = 1;
    run.training.device = "cpu";
    return run;
  }

  OpenedFiles opened_in(const std::string& folder, const RunOptions& run) {
    return opened_files(folder, [&] { prepare_run(checked(run), torch::kCPU, clock_, log_); });
  }

  TemporaryFolder folder_;
  std::string pairs_, model_ = folder_.path("m");
  bool system_can_tell_ = true;
  RunningClock clock_;
  std::ostringstream text_;
  Log log_{text_};
};

TEST_F(PreparedRun, ParsesTheSettingsOfItsFolderOnce) {
  if (!system_can_tell_) GTEST_SKIP() << "inotify says nothing of " << model_;
  // Besides: files are examined, and those that a manifest lists are hashed.
  const auto besides = [&] {
    return opened_files(model_, [&] { check_settings_files(model_), refuse_git_lfs_pointers(model_); });
  };
  const char* const names[] = {"config.json", "generation_config.json", "vocab.json", "source.spm",
                               "target.spm"};
  OpenedFiles first = opened_in(model_, options());
  first = first - besides();  // there is no manifest yet
  for (const char* name : names) EXPECT_EQ(first[name], 1) << name << " of a new run";
  remove_all(model_);
  make_folder(model_);
  RunRequests requests;
  run_training(options(), log_, requests);
  OpenedFiles again = opened_in(model_, options()) - besides();
  for (const char* name : names) EXPECT_EQ(again[name], 1) << name << " of a resumed run";
  EXPECT_EQ(again["run.json"], 1);
}

// The folder of --from-model, then the folder of the resumed run: config.json is what the flags have read.
TEST_F(PreparedRun, ParsesTheSettingsOfTheModelToBeginWithOnce) {
  if (!system_can_tell_) GTEST_SKIP() << "inotify says nothing of " << model_;
  const std::string from = folder_.path("from");
  write_small_folder(from);
  RunOptions run = options();
  run.from_model = from;
  run.tokenizer = {};
  run.shape = ModelConfig::read(from);
  run.model = run.shape->options;
  // Besides: files are examined, hashed, and copied.
  const OpenedFiles besides = opened_files(from, [&] {
    require_model_folder(from), require_model_folder(from), refuse_git_lfs_pointers(from);
    check_manifest(from);
    read_file(join_path(from, "generation_config.json"), ErrorKind::kModel);
  });
  OpenedFiles opened = opened_in(from, run) - besides;
  EXPECT_EQ(opened["config.json"], 0);
  EXPECT_EQ(opened["generation_config.json"], 1);
  EXPECT_EQ(opened["model.safetensors"], 1);
  remove_all(model_);
  make_folder(model_);
  RunRequests requests;
  run_training(run, log_, requests);
  run.shape = ModelConfig::read(model_);
  const OpenedFiles of_run = opened_files(model_, [&] {
    check_settings_files(model_), refuse_git_lfs_pointers(model_), refuse_git_lfs_pointers(model_);
  });
  opened = opened_in(model_, run) - of_run;
  EXPECT_EQ(opened["config.json"], 0);
  EXPECT_EQ(opened["generation_config.json"], 1);
}

}  // namespace
}  // namespace dragoman
