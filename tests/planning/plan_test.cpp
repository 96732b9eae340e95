#include "planning/plan.h"

#include <gtest/gtest.h>

namespace dragoman {
namespace {

TrainingPlan measured() {
  TrainingPlan plan;
  plan.options.max_updates = 1000;
  plan.options.max_epochs = 0, plan.options.max_time = 0, plan.options.average = 0;
  plan.options.keep_checkpoints = 2;
  plan.corpus_tokens = 10'500;
  plan.model_bytes = 1 << 20, plan.checkpoint_bytes = 3 << 20, plan.weights_bytes = 1 << 20;
  PlanWatcher watcher(plan);
  TrainProgress progress;
  for (int update = 1; update <= 13; ++update) {
    progress.seconds = 0.5 * update;
    progress.target_tokens = update <= 3 ? 9999 : 1000;
    watcher.progressed(progress);
  }
  return plan;
}

TEST(TrainingPlan, LeavesTheFirstUpdatesOut) {
  const TrainingPlan plan = measured();
  EXPECT_EQ(plan.updates, 10);
  EXPECT_DOUBLE_EQ(plan.seconds, 5);
  EXPECT_DOUBLE_EQ(plan.tokens_per_second(), 2000);
  EXPECT_DOUBLE_EQ(plan.updates_per_pass(), 11);
}

TEST(TrainingPlan, MeasuresThreeUpdatesHoweverFewThereAre) {
  for (const int updates : {1, 2, 3, 4, 5, 6, 7}) {
    TrainingPlan plan;
    PlanWatcher watcher(plan);
    TrainProgress progress;
    for (int update = 1; update <= updates; ++update) {
      progress.seconds = 20.0 * update, progress.target_tokens = 100;
      watcher.progressed(progress);
    }
    EXPECT_EQ(plan.updates, std::max(std::min(updates, 3), updates - 3)) << updates;
    EXPECT_EQ(plan.updates + plan.first_updates, updates);
    EXPECT_DOUBLE_EQ(plan.seconds, 20.0 * static_cast<double>(plan.updates)) << updates;
    EXPECT_DOUBLE_EQ(plan.tokens_per_second(), 5) << updates;
    EXPECT_EQ(plan.lines().size(), 6u);
  }
}

TEST(TrainingPlan, EndsByWhatComesFirst) {
  TrainingPlan plan = measured();
  EXPECT_DOUBLE_EQ(plan.end().seconds, 500);
  EXPECT_EQ(plan.end().by, "--max-updates 1000");
  plan.options.max_epochs = 10;
  EXPECT_DOUBLE_EQ(plan.end().updates, 110);
  EXPECT_EQ(plan.end().by, "--max-epochs 10");
  plan.options.max_time = 20;
  EXPECT_DOUBLE_EQ(plan.end().updates, 40);
  EXPECT_DOUBLE_EQ(plan.end().seconds, 20);
  EXPECT_EQ(plan.end().by, "--max-time 0:20");
}

TEST(TrainingPlan, CountsOneCheckpointMoreAndTheWeightsToAverage) {
  TrainingPlan plan = measured();
  EXPECT_EQ(plan.disk(), uint64_t{10} << 20);
  plan.options.average = 5;
  EXPECT_EQ(plan.disk(), uint64_t{15} << 20);
}

TEST(TrainingPlan, SaysWhenNothingWasMeasured) {
  EXPECT_EQ(TrainingPlan().lines().size(), 1u);
  EXPECT_EQ(measured().lines().size(), 6u);
}

}  // namespace
}  // namespace dragoman
