// uses: torch
#include "training/resume.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace dragoman {
namespace {

TrainingState state_with_best() {
  TrainingState state;
  state.valid_text = "old", state.has_best = true, state.best_score = 7, state.best_update = 3;
  state.validations_without_gain = 2;
  state.snapshots = {{2, 6}, {3, 7}};
  state.model = KeptModel{3, 0, 7.0, "checksum"};
  return state;
}

TEST(WithValidationText, TheSameTextChangesNothing) {
  const TrainingState state = with_validation_text(state_with_best(), "old", true);
  EXPECT_EQ(training_state_text(state), training_state_text(state_with_best()));
}

TEST(WithValidationText, AnotherTextForgetsScores) {
  const TrainingState state = with_validation_text(state_with_best(), "new", true);
  EXPECT_EQ(state.valid_text, "new");
  EXPECT_FALSE(state.has_best);
  EXPECT_EQ(state.validations_without_gain, 0);
  EXPECT_TRUE(state.snapshots.empty());
  EXPECT_FALSE(state.model->score.has_value());
  EXPECT_EQ(state.model->update, 3);
  EXPECT_EQ(with_validation_text(state_with_best(), "new", false).snapshots.size(), 2u);
}

// A run that has not validated so far, as with --valid-every 0, has nothing to forget.
TEST(WithValidationText, TheFirstTextForgetsNothing) {
  TrainingState state = state_with_best();
  state.valid_text.clear();
  state = with_validation_text(state, "first", true);
  EXPECT_EQ(state.valid_text, "first");
  EXPECT_TRUE(state.has_best);
}

TEST(RequireSameCorpus, RefusesAnother) {
  TrainingState state;
  state.corpus = "a";
  require_same_corpus(state, "a", "checkpoint");
  EXPECT_THROW(require_same_corpus(state, "b", "checkpoint"), DataError);
}

}  // namespace
}  // namespace dragoman
