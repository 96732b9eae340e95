// uses: torch
#include "training/progress.h"

#include <gtest/gtest.h>

#include <sstream>

#include "training/training_clock.h"

namespace dragoman {
namespace {

UpdateResult update_of(int64_t tokens, double loss, double norm) {
  UpdateResult result;
  result.label_tokens = tokens, result.loss = loss, result.cross_entropy = loss / 2,
  result.gradient_norm = norm;
  return result;
}

TEST(ProgressWindow, WeightsLossesByTokensAndNormsByUpdates) {
  ProgressWindow window(10);
  window.add(update_of(100, 4, 1));
  window.add(update_of(300, 2, 3));
  const TrainProgress progress = window.averages(14);
  EXPECT_EQ(progress.loss, (100 * 4 + 300 * 2) / 400.0);
  EXPECT_EQ(progress.cross_entropy, progress.loss / 2);
  EXPECT_EQ(progress.gradient_norm, 2);
  EXPECT_EQ(progress.target_tokens, 400);
  EXPECT_EQ(progress.tokens_per_second, 100);
}

TEST(ProgressWindow, DoesNotCountPausesAsTraining) {
  ProgressWindow window(0);
  window.add(update_of(100, 1, 1));
  window.add_pause(6);
  window.add_pause(2);
  EXPECT_EQ(window.averages(10).tokens_per_second, 50);
}

TEST(ProgressWindow, OfNoUpdatesIsZero) {
  ProgressWindow window;
  EXPECT_TRUE(window.is_empty());
  EXPECT_EQ(window.averages(0).loss, 0);
  EXPECT_EQ(window.averages(0).tokens_per_second, 0);
  window.add(update_of(1, 1, 1));
  EXPECT_FALSE(window.is_empty());
}

TEST(ProgressTimes, InAFileALineIsDueAfterFiveSecondsAndThenEveryMinute) {
  ProgressTimes times(100);
  EXPECT_EQ(times.due(104, false), ProgressLine::kNone);
  EXPECT_EQ(times.due(105, false), ProgressLine::kShown);
  times.shown(105);
  EXPECT_EQ(times.due(159, false), ProgressLine::kNone);
  EXPECT_EQ(times.due(160, false), ProgressLine::kLogged);
  times.logged(160);
  EXPECT_EQ(times.due(219, false), ProgressLine::kNone);
  EXPECT_EQ(times.due(220, false), ProgressLine::kLogged);
}

TEST(ProgressTimes, OnATerminalALineIsDueEverySecond) {
  ProgressTimes times(0);
  EXPECT_EQ(times.due(0.9, true), ProgressLine::kNone);
  EXPECT_EQ(times.due(1, true), ProgressLine::kShown);
  times.shown(1);
  EXPECT_EQ(times.due(1.5, true), ProgressLine::kNone);
  EXPECT_EQ(times.due(60, true), ProgressLine::kLogged);
}

TEST(TrainingClock, ContinuesTheTimeAndTheUpdatesOfEarlierCalls) {
  TrainingClock clock;
  clock.begin(1000, 70);
  EXPECT_GE(clock.training(), 1000);
  EXPECT_LT(clock.training_in_this_call(), 1000);
  EXPECT_EQ(clock.updates_in_this_call(75), 5);
  EXPECT_EQ(clock.seconds_per_update(70), 0);
  EXPECT_GE(clock.seconds_per_update(75), 0);
}

}  // namespace
}  // namespace dragoman
