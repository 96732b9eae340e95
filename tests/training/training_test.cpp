// uses: torch
// The state that the parts of the trainer share, and how it is saved.
#include "training/training.h"

#include <gtest/gtest.h>

#include <sstream>
#include <stdexcept>

#include "core/files.h"
#include "folder/manifest.h"
#include "tests/support/small_model.h"
#include "training/checkpoint.h"
#include "training/operator_threads.h"
#include "training/run_saver.h"

namespace dragoman {
namespace {

class SavedTraining : public ::testing::Test {
 protected:
  SavedTraining() { write_small_folder(folder_.path("m")); }

  Training training() { return {load_model_folder(folder_.path("m"), torch::kCPU), TrainingOptions(), log_}; }

  TemporaryFolder folder_;
  std::ostringstream text_;
  Log log_{text_};
};

TEST_F(SavedTraining, AModelWithoutAScoreOrWithALowerOneIsReplaced) {
  Training run = training();
  EXPECT_TRUE(run.is_better_than_model(-100));
  run.state.model = KeptModel{1, 0, std::nullopt, ""};
  EXPECT_TRUE(run.is_better_than_model(-100));
  run.state.model->score = 5;
  EXPECT_FALSE(run.is_better_than_model(5));
  EXPECT_TRUE(run.is_better_than_model(5.1));
}

TEST_F(SavedTraining, TheStateSaysWhatTheModelIs) {
  Training run = training();
  run.state.update = 9;
  run.write_model(3, 0.5);
  EXPECT_EQ(run.state.model->update, 9);
  EXPECT_EQ(run.state.model->averaged, 3);
  EXPECT_EQ(run.state.model->score, 0.5);
  EXPECT_EQ(run.state.model->checksum, checksum_of_file(folder_.path("m/model.safetensors")));
}

TEST_F(SavedTraining, AFailedWriteIsAWarningAndAtTheEndAnError) {
  Training run = training();
  RunSaver saver(run);
  const auto fail = [] { throw DataError("disk", "no space left"); };
  EXPECT_TRUE(saver.try_to_write("nothing", [] {}));
  EXPECT_FALSE(saver.try_to_write("a checkpoint", fail));
  EXPECT_EQ(log_.warnings(), 1);
  saver.begin_end();
  EXPECT_THROW(saver.try_to_write("a checkpoint", fail), DataError);
}

TEST_F(SavedTraining, TheStateIsReplacedInTheCheckpointOfItsUpdateAndElseSavedWithANewOne) {
  Training run = training();
  run.options.keep_checkpoints = 5;
  RunSaver saver(run);
  EXPECT_FALSE(saver.has_checkpoint());
  run.state.update = 1;
  saver.save_state();
  EXPECT_TRUE(saver.has_saved_update());
  run.state.best_update = 1;
  saver.save_state();
  EXPECT_EQ(list_folder(folder_.path("m/checkpoints")), std::vector<std::string>{"update-1"});
  const auto newest = [&] {
    return load_checkpoint(*newest_checkpoint(folder_.path("m"), log_), run.folder.model, run.optimiser,
                           nullptr);
  };
  EXPECT_EQ(newest().best_update, 1);
  run.state.update = 2;
  EXPECT_FALSE(saver.has_saved_update());
  saver.save_state();
  EXPECT_EQ(list_folder(folder_.path("m/checkpoints")), (std::vector<std::string>{"update-1", "update-2"}));
  EXPECT_EQ(newest().update, 2);
}

TEST(OperatorThreads, AreSetBackAlsoAfterAnError) {
  at::set_num_threads(2);
  try {
    const OperatorThreads one(1);
    EXPECT_EQ(at::get_num_threads(), 1);
    throw std::runtime_error("stopped");
  } catch (const std::runtime_error&) {
  }
  EXPECT_EQ(at::get_num_threads(), 2);
  at::set_num_threads(1);
}

}  // namespace
}  // namespace dragoman
