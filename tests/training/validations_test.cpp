// uses: torch
#include "training/validations.h"

#include <gtest/gtest.h>

namespace dragoman {
namespace {

TEST(ValidationScore, IsHigherForABetterModel) {
  ValidationResult worse, better;
  worse.loss = 3, worse.bleu = 10, worse.chrf = 20, worse.ser = 90;
  better.loss = 2, better.bleu = 11, better.chrf = 21, better.ser = 80;
  for (const ValidMetric metric :
       {ValidMetric::kLoss, ValidMetric::kBleu, ValidMetric::kChrf, ValidMetric::kSer})
    EXPECT_GT(validation_score(better, metric), validation_score(worse, metric)) << name_of(metric);
}

TEST(CountValidation, CountsThoseWithoutABetterScore) {
  TrainingState state;
  int64_t update = 0;
  const auto count = [&](double score) {
    state.update = ++update;
    count_validation(state, score, score > state.best_score || !state.has_best);
    EXPECT_EQ(state.last_validation, update);
    return state.validations_without_gain;
  };
  EXPECT_EQ(count(-5), 0);  // the first is the best, whatever its score
  EXPECT_EQ(count(-5), 1);  // a tie keeps the earlier one
  EXPECT_EQ(count(-6), 2);
  EXPECT_EQ(count(-4), 0);
  EXPECT_EQ(state.best_update, 4);
  EXPECT_EQ(state.best_score, -4);
}

TEST(CountValidation, ABetterScoreThatCouldNotBeSavedIsNoGain) {
  TrainingState state;
  state.update = 1;
  count_validation(state, 7, /*became_the_model=*/false);
  EXPECT_FALSE(state.has_best);
  EXPECT_EQ(state.validations_without_gain, 1);
}

// The model is a mean, which scored better than this validation; the run still improves.
TEST(CountValidation, AGainBelowTheScoreOfAMeanCounts) {
  TrainingState state;
  state.update = 8, state.has_best = true, state.best_score = 5, state.validations_without_gain = 2;
  state.model = KeptModel{7, 3, 9.0, ""};
  count_validation(state, 6, /*became_the_model=*/false);
  EXPECT_EQ(state.best_score, 6);
  EXPECT_EQ(state.validations_without_gain, 0);
  state.update = 9;
  count_validation(state, 6, /*became_the_model=*/false);  // a tie
  EXPECT_EQ(state.best_update, 8);
  EXPECT_EQ(state.validations_without_gain, 1);
}

}  // namespace
}  // namespace dragoman
