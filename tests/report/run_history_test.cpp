#include "report/run_history.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "core/files.h"

namespace dragoman {
namespace {

class History : public ::testing::Test {
 protected:
  History() : log_(text_), train_log_(folder_.path("."), log_) {}

  void train(int64_t update, double loss = 1) {
    TrainProgress progress;
    progress.epoch = 1, progress.update = update, progress.loss = loss, progress.cross_entropy = loss / 2;
    progress.learning_rate = 1e-3, progress.gradient_norm = 2, progress.tokens_per_second = 5000;
    train_log_.progress(progress);
  }

  void validate(int64_t update, double bleu = 1) {
    ValidationResult result;
    result.update = update, result.bleu = bleu, result.cross_entropy = 2, result.is_best = true;
    result.samples = {{"s", "r", "h" + std::to_string(update)}};
    train_log_.validation(result, ValidMetric::kBleu, 0);
  }

  RunHistory history() const { return read_run_history(folder_.path("train.log.jsonl")); }

  std::string updates() const {
    const RunHistory read = history();
    std::string all;
    for (const auto& entry : read.progress) all += "t" + std::to_string(entry.update) + " ";
    for (const auto& entry : read.validations) all += "v" + std::to_string(entry.update) + " ";
    return all;
  }

  TemporaryFolder folder_;
  std::ostringstream text_;
  Log log_;
  TrainLog train_log_;
};

TEST_F(History, IsWhatTheLogWasTold) {
  train(100, 3.5);
  validate(100, 7.25);
  train_log_.stopped(100, 12, "reached the end");
  const RunHistory read = history();
  ASSERT_EQ(updates(), "t100 v100 ");
  EXPECT_EQ(read.progress[0].loss, 3.5);
  EXPECT_NEAR(read.progress[0].cross_entropy, 1.75, 1e-12);
  EXPECT_EQ(read.progress[0].learning_rate, 1e-3);
  EXPECT_EQ(read.progress[0].gradient_norm, 2);
  EXPECT_EQ(read.progress[0].tokens_per_second, 5000);
  EXPECT_EQ(read.validations[0].bleu, 7.25);
  EXPECT_TRUE(read.validations[0].is_best);
  EXPECT_EQ(read.validations[0].samples[0].hypothesis, "h100");
  EXPECT_EQ(read.end, "reached the end");
}

// The report continues a history in memory; it must show what it would show when it was read from the log.
TEST_F(History, ContinuedInMemoryIsTheHistoryThatTheLogGives) {
  struct Continues : TrainWatcher {
    RunHistory history;
    void progressed(const TrainProgress& progress) override { history.add(progress); }
    void validated(const ValidationResult& result) override { history.add(result); }
    void stopped(const std::string& reason, double seconds) override { history.stop(reason, seconds); }
  } watcher;
  train_log_.watch(watcher);
  train(100, 2), validate(100), train(200, 3), validate(200, 5);
  train(150, 1600);  // its perplexity is infinite
  ValidationResult mean;
  mean.update = 150, mean.averaged = 2, mean.is_best = true;
  train_log_.validation(mean, ValidMetric::kBleu, 0);
  const auto expect_same = [&] {
    const RunHistory read = history();
    const RunHistory& held = watcher.history;
    ASSERT_EQ(held.progress.size(), read.progress.size());
    ASSERT_EQ(held.validations.size(), read.validations.size());
    for (size_t i = 0; i < read.progress.size(); ++i) {
      EXPECT_EQ(held.progress[i].update, read.progress[i].update);
      EXPECT_EQ(held.progress[i].loss, read.progress[i].loss);
      EXPECT_EQ(std::isnan(held.progress[i].cross_entropy), std::isnan(read.progress[i].cross_entropy));
    }
    for (size_t i = 0; i < read.validations.size(); ++i) {
      EXPECT_EQ(held.validations[i].update, read.validations[i].update);
      EXPECT_EQ(held.validations[i].samples[0].hypothesis, read.validations[i].samples[0].hypothesis);
    }
    EXPECT_EQ(held.averaged.has_value(), read.averaged.has_value());
    EXPECT_EQ(held.end, read.end);
    EXPECT_EQ(held.end_seconds, read.end_seconds);
  };
  expect_same();
  EXPECT_TRUE(std::isnan(history().progress.back().cross_entropy));
  train_log_.stopped(150, 12, "reached the end");
  expect_same();
  train(160);
  expect_same();
}

TEST_F(History, OfWhatAResumedRunDidAgainTheLaterCounts) {
  for (const int64_t update : {100, 200, 300, 400}) train(update), validate(update);
  train(150, 9);  // resumed from a checkpoint at 100
  EXPECT_EQ(updates(), "t100 t150 v100 ");
  train(200), validate(200);
  EXPECT_EQ(updates(), "t100 t150 t200 v100 v200 ");
}

TEST_F(History, AValidationDoneAgainReplacesTheFirst) {
  train(100), validate(100, 5), train(200);
  validate(100, 6);
  EXPECT_EQ(updates(), "t100 v100 ");
  EXPECT_EQ(history().validations[0].bleu, 6);
}

TEST_F(History, TheMeanOfSeveralWeightsIsNoPointOfTheCurve) {
  train(100), validate(100, 5);
  ValidationResult mean;
  mean.update = 100, mean.bleu = 7, mean.averaged = 5, mean.is_best = true;
  train_log_.validation(mean, ValidMetric::kBleu, 0);
  EXPECT_EQ(updates(), "t100 v100 ");
  EXPECT_EQ(history().validations[0].bleu, 5);
  EXPECT_EQ(history().best()->bleu, 7);
  EXPECT_EQ(history().best()->averaged, 5);
  train(200);  // the mean stays the model until a validation is better
  EXPECT_EQ(history().best()->bleu, 7);
  validate(200, 8);
  EXPECT_EQ(history().best()->bleu, 8);
}

TEST_F(History, TheLastLineOfARunStandsBehindItsValidation) {
  train(200), validate(250), train(250);
  EXPECT_EQ(updates(), "t200 t250 v250 ");
}

TEST_F(History, ThatGoesOnHasNoEnd) {
  train(100);
  train_log_.stopped(100, 12, "stopped by a signal");
  EXPECT_EQ(history().end, "stopped by a signal");
  train(200);
  EXPECT_EQ(history().end, "");
}

TEST_F(History, NumbersThatWereNotFiniteAreNaN) {
  train(100, std::nan(""));
  EXPECT_TRUE(std::isnan(history().progress.at(0).loss));
  EXPECT_EQ(history().progress.at(0).gradient_norm, 2);
}

TEST_F(History, LinesThatAreNoneArePassedOver) {
  train(100);
  for (const char* line : {"{\"kind\":\"train\",\"epo", "[]", "{\"kind\":7}", "{\"kind\":\"train\"}", "\xFF",
                           "", "{\"kind\":\"valid\",\"update\":1,\"best\":true,\"samples\":[{}]}"})
    append_to_file(folder_.path("train.log.jsonl"), std::string(line) + "\n");
  train(200);
  EXPECT_EQ(updates(), "t100 t200 ");
}

TEST_F(History, ALineThatACrashCutJoinsNoOther) {
  train(100);
  append_to_file(folder_.path("train.log.jsonl"), "{\"kind\":\"train\",\"upd");
  train(200);
  EXPECT_EQ(updates(), "t100 t200 ");
}

TEST_F(History, WithoutALogIsEmpty) {
  EXPECT_EQ(updates(), "");
}

}  // namespace
}  // namespace dragoman
