#include "planning/run_length.h"

#include <gtest/gtest.h>

#include "planning/schedule.h"

namespace dragoman {
namespace {

TrainingOptions options_with(int64_t max_updates, int64_t max_epochs = 0, double max_time = 0) {
  TrainingOptions options;
  options.max_updates = max_updates, options.max_epochs = max_epochs, options.max_time = max_time;
  options.warmup = 10;
  return options;
}

TEST(RunLength, ThePassHasAsManyUpdatesAsItsBatchesMake) {
  TrainingOptions options;
  EXPECT_DOUBLE_EQ(updates_per_pass(options, 10, 1000), 10);
  options.accumulate = 4;
  EXPECT_DOUBLE_EQ(updates_per_pass(options, 10, 1000), 3);
  options.update_tokens = 900;
  EXPECT_DOUBLE_EQ(updates_per_pass(options, 10, 1000), 2);
}

TEST(RunLength, TheFirstLimitEndsTheRun) {
  EXPECT_EQ(expected_end(options_with(1000), 20, 0.5).by, "--max-updates 1000");
  EXPECT_DOUBLE_EQ(expected_end(options_with(1000), 20, 0.5).seconds, 500);
  const RunEnd by_epochs = expected_end(options_with(1000, 30), 20, 0.5);
  EXPECT_EQ(by_epochs.by, "--max-epochs 30");
  EXPECT_DOUBLE_EQ(by_epochs.updates, 600);
  EXPECT_DOUBLE_EQ(by_epochs.seconds, 300);
  const RunEnd by_time = expected_end(options_with(1000, 30, 100), 20, 0.5);
  EXPECT_EQ(by_time.by, "--max-time 1:40");
  EXPECT_DOUBLE_EQ(by_time.updates, 200);
  EXPECT_DOUBLE_EQ(by_time.seconds, 100);
}

TEST(RunLength, TheTimeLeftIsThatOfThePassesLeft) {
  // 250 updates and 12.5 passes are done, in 125 s: 17.5 passes of 20 updates of half a second are left.
  const RunEnd end = expected_end(options_with(100'000, 30), 20, 0.5, {250, 12.5, 125});
  EXPECT_DOUBLE_EQ(end.seconds - 125, 175);
  EXPECT_DOUBLE_EQ(end.updates, 600);
}

TEST(RunLength, WithoutASpeedTheTimeLimitIsNotKnown) {
  EXPECT_EQ(expected_end(options_with(1000, 0, 1), 20, 0).by, "--max-updates 1000");
}

std::vector<std::string> warnings_of(TrainingOptions options, double updates_per_pass, double seconds = 0) {
  return schedule_warnings(options, expected_end(options, updates_per_pass, seconds));
}

bool has(const std::vector<std::string>& texts, const std::string& part) {
  return texts.size() == 1 && texts[0].find(part) != std::string::npos;
}

TEST(RunLength, AScheduleThatFitsGivesNoWarning) {
  for (const Schedule schedule :
       {Schedule::kInverseSqrt, Schedule::kNoam, Schedule::kCosine, Schedule::kLinear, Schedule::kConstant}) {
    TrainingOptions options = options_with(1000);
    options.schedule = schedule;
    EXPECT_TRUE(warnings_of(options, 20).empty()) << name_of(schedule);
    options.max_epochs = 50;  // ends with the last update
    EXPECT_TRUE(warnings_of(options, 20).empty()) << name_of(schedule);
    options.warmup = 0;
    EXPECT_TRUE(warnings_of(options, 20).empty()) << name_of(schedule);
  }
}

TEST(RunLength, AFallThatTheRunDoesNotReachIsReported) {
  for (const Schedule schedule : {Schedule::kCosine, Schedule::kLinear}) {
    TrainingOptions options = options_with(100'000, 40);
    options.schedule = schedule;
    EXPECT_TRUE(has(warnings_of(options, 20), "give --max-updates 800")) << name_of(schedule);
    options = options_with(100'000, 0, 100);
    options.schedule = schedule;
    EXPECT_TRUE(warnings_of(options, 20).empty()) << name_of(schedule);
    EXPECT_TRUE(has(warnings_of(options, 20, 0.1), "--max-time 1:40 ends the run after about 1,000"))
        << name_of(schedule);
  }
}

TEST(RunLength, ARunThatEndsInItsWarmupIsReported) {
  TrainingOptions options = options_with(200);
  options.warmup = 4000;
  EXPECT_TRUE(has(warnings_of(options, 20), "rises to 5 % of --learning-rate only"));
  options.warmup = 150;
  EXPECT_TRUE(has(warnings_of(options, 20), "more than half are warm-up"));
  options.warmup = 100;
  EXPECT_TRUE(warnings_of(options, 20).empty());
  options = options_with(100'000, 0, 60);
  options.warmup = 4000;
  EXPECT_TRUE(has(warnings_of(options, 20, 0.1), "within the warm-up of 4,000"));
}

}  // namespace
}  // namespace dragoman
