// uses: torch
#include "training/stop_reason.h"

#include <gtest/gtest.h>

namespace dragoman {
namespace {

TrainingOptions limits() {
  TrainingOptions options;
  options.max_updates = 100, options.max_epochs = 3, options.max_time = 60, options.early_stopping = 5;
  return options;
}

TEST(ReachedLimit, IsEachOfTheLimitsAndNoneBefore) {
  TrainingState state;
  state.update = 99, state.position.epoch = 2, state.validations_without_gain = 4;
  EXPECT_EQ(reached_limit(state, limits(), 59), std::nullopt);
  EXPECT_EQ(reached_limit(state, limits(), 60), StopReason::kTime);
  TrainingState updates = state, epochs = state, patience = state;
  updates.update = 100;
  EXPECT_EQ(reached_limit(updates, limits(), 0), StopReason::kUpdates);
  epochs.position.epoch = 3;
  EXPECT_EQ(reached_limit(epochs, limits(), 0), StopReason::kEpochs);
  patience.validations_without_gain = 5;
  EXPECT_EQ(reached_limit(patience, limits(), 0), StopReason::kNoGain);
}

TEST(ReachedLimit, ZeroIsNoLimit) {
  TrainingOptions options = limits();
  options.max_epochs = 0, options.max_time = 0, options.early_stopping = 0;
  TrainingState state;
  state.position.epoch = 1000, state.validations_without_gain = 1000;
  EXPECT_EQ(reached_limit(state, options, 1e9), std::nullopt);
}

}  // namespace
}  // namespace dragoman
