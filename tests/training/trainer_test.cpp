// uses: torch
// Whole runs, from text files to a model folder, with a model so small that an update takes milliseconds.
#include "training/trainer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <sstream>
#include <utility>

#include "core/interrupt.h"
#include "core/json.h"
#include "folder/manifest.h"
#include "model/weights.h"
#include "tests/support/small_model.h"
#include "training/run.h"
#include "training/snapshots.h"

namespace dragoman {
namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

// Two files of generated text and the runs on them.
class TrainingRun : public ::testing::Test {
 protected:
  TrainingRun() {
    folder_.write("a.src", joined(sample_lines(40, 1)));
    folder_.write("a.tgt", joined(sample_lines(40, 2)));
    folder_.write("v.src", joined(sample_lines(4, 3)));
    folder_.write("v.tgt", joined(sample_lines(4, 4)));
  }

  // No validation: model.safetensors is the last one. Dropout is on.
  RunOptions options(const std::string& model) const {
    RunOptions run;
    run.train = {{folder_.path("a.src")}, {folder_.path("a.tgt")}, {}};
    run.model_folder = folder_.path(model);
    run.preset = "tiny";
    run.tokenizer.vocab_size = 60;
    run.model = small_model_options();
    run.model.dropout = 0.2;
    run.training.max_tokens = 120;
    run.training.max_updates = 12;
    run.training.warmup = 4;
    run.training.learning_rate = 1e-2;
    run.training.valid_every = 0;
    run.training.log_every = 1;
    run.training.threads = 1;
    run.training.device = "cpu";
    return run;
  }

  RunOptions validated(const std::string& model) const {
    RunOptions run = options(model);
    run.valid = {{folder_.path("v.src")}, {folder_.path("v.tgt")}, {}};
    run.training.valid_every = 1;
    run.training.valid_metric = ValidMetric::kLoss;
    return run;
  }

  StopReason train(const RunOptions& run) {
    std::ostringstream text;
    Log log(text);
    const auto reason = run_training(run, log, requests_);
    log_ = text.str();
    return reason;
  }

  // As if a signal came when this text is logged.
  StopReason train_until(const std::string& text, const RunOptions& run);

  std::string message_of(const RunOptions& run) {
    try {
      train(run);
    } catch (const Error& error) {
      return std::to_string(error.exit_code()) + " " + error.what();
    }
    return "no error";
  }

  bool said(const std::string& text) const { return log_.find(text) != std::string::npos; }

  std::string bytes(const std::string& path) const { return read_file(folder_.path(path), ErrorKind::kData); }
  nlohmann::json state(const std::string& model, int64_t update) const {
    return read_json_file(folder_.path(checkpoint(model, update) + "/state.json"), ErrorKind::kData);
  }
  static std::string checkpoint(const std::string& model, int64_t update) {
    return model + "/checkpoints/update-" + std::to_string(update);
  }

  void expect_same_end(const std::string& one, const std::string& other, int64_t update) const {
    EXPECT_EQ(bytes(one + "/model.safetensors"), bytes(other + "/model.safetensors"));
    for (const char* name : {"/model.safetensors", "/optimizer.safetensors"})
      EXPECT_EQ(bytes(checkpoint(one, update) + name), bytes(checkpoint(other, update) + name)) << name;
    EXPECT_EQ(state(one, update)["epoch"], state(other, update)["epoch"]);
    EXPECT_EQ(state(one, update)["batch"], state(other, update)["batch"]);
    EXPECT_EQ(state(one, update)["target_tokens"], state(other, update)["target_tokens"]);
  }

  TemporaryFolder folder_;
  RunRequests requests_;
  std::string log_;
};

TEST_F(TrainingRun, LeavesAFolderThatTranslates) {
  EXPECT_EQ(train(options("m")), StopReason::kUpdates);
  const LoadedModelFolder folder = load_model_folder(folder_.path("m"), torch::kCPU);
  EXPECT_EQ(folder.model->options().d_model, 16);
  EXPECT_EQ(folder.model->options().vocab_size, folder.tokenizers.source.vocabulary().size());
  EXPECT_TRUE(said("reached --max-updates 12"));
  for (const char* name : {"manifest.json", "run.json", "train.log.jsonl", "generation_config.json",
                           "report.html", "tensorboard"})
    EXPECT_TRUE(file_exists(folder_.path(std::string("m/") + name))) << name;
}

TEST_F(TrainingRun, WithTheSameSettingsGivesTheSameBytesAndWithAnotherSeedOthers) {
  train(options("one"));
  train(options("two"));
  expect_same_end("one", "two", 12);
  RunOptions other = options("three");
  other.training.seed = 2;
  train(other);
  EXPECT_NE(bytes("one/model.safetensors"), bytes("three/model.safetensors"));
}

TEST_F(TrainingRun, ResumedInTheMiddleOfAnEpochIsAsIfNotInterrupted) {
  train(options("whole"));
  for (const int64_t stop : {1, 5}) {
    const std::string model = "stopped-" + std::to_string(stop);
    RunOptions part = options(model);
    part.training.max_updates = stop;
    train(part);
    ASSERT_GT(state(model, stop)["batch"], 0) << "not in the middle of an epoch";
    train(options(model));
    EXPECT_TRUE(said("resuming from update " + std::to_string(stop)));
    EXPECT_TRUE(said("changed since the run began: --max-updates " + std::to_string(stop) + " -> 12"));
    expect_same_end("whole", model, 12);
  }
}

// With several, which thread ends first must not matter.
TEST_F(TrainingRun, ResumedWithSeveralWorkersIsAsIfNotInterrupted) {
  for (const int threads : {2, 3}) {
    const std::string whole = "whole-" + std::to_string(threads),
                      stopped = "stopped-" + std::to_string(threads);
    for (const auto& [model, updates] :
         std::vector<std::pair<std::string, int64_t>>{{whole, 12}, {stopped, 5}, {stopped, 12}}) {
      RunOptions run = options(model);
      run.training.threads = threads;
      run.training.max_updates = updates;
      train(run);
    }
    expect_same_end(whole, stopped, 12);
  }
}

// All that makes one epoch differ from the next, and all that is saved in addition to the weights.
TEST_F(TrainingRun, ResumedWithEveryRegularisationIsAsIfNotInterrupted) {
  RunOptions whole = validated("whole"), stopped = validated("stopped");
  for (RunOptions* run : {&whole, &stopped}) {
    run->training.augmentation.subword_sampling = 0.2;
    run->training.moving_average = 0.9;
    run->training.average = 2;
    run->training.update_tokens = 150;
    run->training.valid_every = 2;
  }
  train(whole);
  stopped.training.max_updates = 5;
  train(stopped);
  stopped.training.max_updates = 12;
  train(stopped);
  expect_same_end("whole", "stopped", 12);
  EXPECT_EQ(state("whole", 12)["snapshots"], state("stopped", 12)["snapshots"]);
  EXPECT_EQ(list_folder(folder_.path("whole/snapshots")).size(), 2u);
}

TEST_F(TrainingRun, AveragesItsBestValidationsAtTheEnd) {
  RunOptions run = validated("m");
  run.training.valid_every = 2;
  run.training.average = 3;
  train(run);
  EXPECT_TRUE(said("mean of 3 validations"));
  EXPECT_TRUE(said("the model is that of update 12")) << log_;
  const auto kept = state("m", 12)["snapshots"];
  ASSERT_EQ(kept.size(), 3u);
  // The mean by hand.
  Transformer model = load_model_folder(folder_.path("m"), torch::kCPU).model;
  std::vector<torch::Tensor> sums;
  for (const auto& snapshot : kept) {
    load_weights(model, snapshot_path(folder_.path("m"), snapshot["update"].get<int64_t>()));
    const auto parameters = model->parameters();
    for (size_t i = 0; i < parameters.size(); ++i) {
      if (sums.size() <= i) sums.push_back(torch::zeros_like(parameters[i]));
      sums[i] += parameters[i].detach() / 3;
    }
  }
  std::vector<std::string> paths;
  for (const auto& snapshot : kept)
    paths.push_back(snapshot_path(folder_.path("m"), snapshot["update"].get<int64_t>()));
  load_average(model, paths);
  const auto parameters = model->parameters();
  for (size_t i = 0; i < parameters.size(); ++i)
    EXPECT_TRUE(torch::allclose(parameters[i], sums[i], 1e-5, 1e-6));
}

// The weights of two validations are exchanged for those of a longer training, so that the mean has to win.
TEST_F(TrainingRun, SaysThatTheMeanIsTheModelWhenItIsBetter) {
  RunOptions longer = validated("longer"), run = validated("m");
  longer.training.average = 1;
  longer.training.max_updates = 30;
  longer.training.valid_every = 30;
  train(longer);
  run.training.average = 3;
  run.training.average_of = AverageOf::kLast;
  run.training.valid_every = 2;
  run.training.max_updates = 4;
  train(run);
  for (const int64_t update : {2, 4})
    std::filesystem::copy_file(snapshot_path(folder_.path("longer"), 30),
                               snapshot_path(folder_.path("m"), update),
                               std::filesystem::copy_options::overwrite_existing);
  run.training.max_updates = 6;
  train(run);
  EXPECT_TRUE(said("mean of 3 validations  best loss so far")) << log_;
  EXPECT_TRUE(said("the model is the mean of 3 validations")) << log_;
}

TEST_F(TrainingRun, GathersTheTargetTokensThatAnUpdateIsToHave) {
  RunOptions run = options("m");
  run.training.update_tokens = 250;
  run.training.max_updates = 1;
  train(run);
  EXPECT_GE(state("m", 1)["target_tokens"].get<int64_t>(), 250);
  EXPECT_LT(state("m", 1)["target_tokens"].get<int64_t>(), 250 + 120);
}

TEST_F(TrainingRun, ResumedAtTheEndOfAnEpochIsAsIfNotInterrupted) {
  RunOptions epoch = options("stopped");
  epoch.training.max_epochs = 1;
  epoch.training.max_updates = 1000;
  EXPECT_EQ(train(epoch), StopReason::kEpochs);
  const auto updates = std::stoll(list_folder(folder_.path("stopped/checkpoints")).at(0).substr(7));
  EXPECT_EQ(state("stopped", updates)["epoch"], 1);
  EXPECT_EQ(state("stopped", updates)["batch"], 0);
  RunOptions more = options("stopped"), whole = options("whole");
  more.training.max_updates = whole.training.max_updates = updates + 4;
  train(more);
  train(whole);
  expect_same_end("whole", "stopped", updates + 4);
}

TEST_F(TrainingRun, ResumedWithAccumulationAndValidationIsAsIfNotInterrupted) {
  RunOptions whole = validated("whole"), stopped = validated("stopped");
  whole.training.accumulate = stopped.training.accumulate = 2;
  train(whole);
  stopped.training.max_updates = 3;
  train(stopped);
  stopped.training.max_updates = 12;
  train(stopped);
  expect_same_end("whole", "stopped", 12);
  EXPECT_EQ(state("whole", 12)["best_update"], state("stopped", 12)["best_update"]);
  EXPECT_EQ(state("whole", 12)["best_score"], state("stopped", 12)["best_score"]);
}

// Asks to stop, as a signal does, as soon as a certain text is logged.
class StopAt : public std::stringbuf {
 public:
  explicit StopAt(std::string text) : text_(std::move(text)) {}
  ~StopAt() override { clear_interrupt(); }
  int sync() override {
    if (str().find(text_) != std::string::npos) request_interrupt(15);
    return 0;
  }

 private:
  std::string text_;
};

StopReason TrainingRun::train_until(const std::string& text, const RunOptions& run) {
  StopAt buffer(text);
  std::ostream stream(&buffer);
  Log log(stream);
  const auto reason = run_training(run, log, requests_);
  log_ = buffer.str();
  return reason;
}

TEST_F(TrainingRun, StoppedByASignalSavesEverything) {
  train(options("whole"));
  EXPECT_EQ(train_until("update 7 ", options("stopped")), StopReason::kSignal);
  EXPECT_EQ(list_folder(folder_.path("stopped/checkpoints")), std::vector<std::string>{"update-7"});
  EXPECT_EQ(train(options("stopped")), StopReason::kUpdates);
  EXPECT_TRUE(said("resuming from update 7"));
  expect_same_end("whole", "stopped", 12);
}

TEST_F(TrainingRun, PassesADamagedNewestCheckpointOverWithAWarning) {
  train(options("whole"));
  RunOptions part = options("damaged");
  part.training.max_updates = 6;
  part.training.save_every = 3;
  part.training.keep_checkpoints = 2;
  train(part);
  EXPECT_EQ(list_folder(folder_.path("damaged/checkpoints")),
            (std::vector<std::string>{"update-3", "update-6"}));
  const std::string path = checkpoint("damaged", 6) + "/optimizer.safetensors";
  std::string damaged = bytes(path);
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 4);
  folder_.write(path, damaged);
  part.training.max_updates = 12;
  train(part);
  EXPECT_TRUE(said("warning: checkpoint skipped: ")) << log_;
  EXPECT_TRUE(said("update-6")) << log_;
  EXPECT_TRUE(said("resuming from update 3")) << log_;
  expect_same_end("whole", "damaged", 12);
}

// A run from the beginning would write an untrained model over the one that is there.
TEST_F(TrainingRun, RefusesAFolderWithAModelAndNoWholeCheckpoint) {
  RunOptions part = options("m");
  part.training.max_updates = 4;
  part.training.save_every = 2;
  part.training.keep_checkpoints = 2;
  train(part);
  const std::string model = bytes("m/model.safetensors");
  const auto refused = [&](const char* what) {
    const std::string message = message_of(options("m"));
    EXPECT_EQ(message.substr(0, 11), "2 [--model]") << what << ": " << message;
    EXPECT_NE(message.find("--from-model " + folder_.path("m")), std::string::npos)
        << what << ": " << message;
    EXPECT_EQ(bytes("m/model.safetensors"), model) << what;
  };
  for (const int64_t update : {2, 4})
    folder_.write(checkpoint("m", update) + "/optimizer.safetensors", "damaged");
  refused("all checkpoints damaged");
  for (const int64_t update : {2, 4}) remove_all(folder_.path(checkpoint("m", update)));
  refused("an empty folder of checkpoints");
  remove_all(folder_.path("m/checkpoints"));
  refused("no folder of checkpoints");
}

// A full disk may end a start at any file.
TEST_F(TrainingRun, BeginsAnewWhereNothingIsAModelYet) {
  train(options("whole"));
  for (const char* name : {"run.json", "config.json", "vocab.json"}) {
    train(options("broken"));
    for (const char* later : {"checkpoints", "model.safetensors", "manifest.json", "train.log.jsonl", name})
      if (std::string(later) != "run.json") remove_all(folder_.path(std::string("broken/") + later));
    RunOptions other = options("broken");
    other.training.seed = 7;  // nothing holds it to the settings of what never began
    EXPECT_EQ(train(other), StopReason::kUpdates) << name;
    remove_all(folder_.path("broken"));
  }
}

TEST_F(TrainingRun, ThatIsFinishedSaysSoAndChangesNothing) {
  train(options("m"));
  const std::string before = bytes("m/model.safetensors"), log_before = bytes("m/train.log.jsonl");
  EXPECT_EQ(train(options("m")), StopReason::kUpdates);
  EXPECT_TRUE(said("already at update 12 of 12")) << log_;
  EXPECT_EQ(bytes("m/model.safetensors"), before);
  EXPECT_EQ(bytes("m/train.log.jsonl"), log_before);
}

TEST_F(TrainingRun, GoesOnForSoManyUpdatesMore) {
  RunOptions run = options("m");
  run.training.max_updates = 5;
  train(run);
  run.training.max_updates = 7;
  run.training.max_updates_is_relative = true;
  train(run);
  EXPECT_EQ(list_folder(folder_.path("m/checkpoints")), std::vector<std::string>{"update-12"});
  train(options("whole"));
  expect_same_end("whole", "m", 12);
}

TEST_F(TrainingRun, WithOtherSettingsIsAUsageErrorThatListsThem) {
  train(options("m"));
  const std::string before = bytes("m/model.safetensors");
  RunOptions other = options("m");
  other.training.learning_rate = 0.5;
  other.model.dropout = 0.3;
  other.training.max_updates = 20;  // this one may change
  const std::string message = message_of(other);
  EXPECT_EQ(message.substr(0, 2), "2 ") << message;
  EXPECT_NE(message.find("--learning-rate 0.01 -> 0.5"), std::string::npos) << message;
  EXPECT_NE(message.find("--dropout 0.2 -> 0.3"), std::string::npos) << message;
  EXPECT_EQ(message.find("--max-updates"), std::string::npos) << message;
  EXPECT_EQ(bytes("m/model.safetensors"), before);
}

TEST_F(TrainingRun, OfAnEarlierVersionResumesUnlessItUsedARemovedOption) {
  train(options("m"));
  const std::string path = folder_.path("m/run.json");
  nlohmann::json settings = read_json_file(path, ErrorKind::kConfig);
  for (const double r_drop : {0.0, 5.0}) {
    settings["r_drop"] = r_drop;
    write_file_atomically(path, settings.dump());
    if (r_drop == 0)
      EXPECT_EQ(train(options("m")), StopReason::kUpdates);
    else
      EXPECT_THROW(train(options("m")), ConfigError);
  }
}

TEST_F(TrainingRun, MayChangeWhatDoesNotChangeTheResult) {
  RunOptions run = options("m");
  run.training.max_updates = 5;
  train(run);
  run.training.max_updates = 12;
  run.training.save_every = 2;
  run.training.keep_checkpoints = 3;
  run.training.log_every = 4;
  run.training.max_time = 3600;
  run.training.device = "auto";
  EXPECT_EQ(train(run), StopReason::kUpdates);
  EXPECT_TRUE(said("changed since the run began: --save-every 1000 -> 2")) << log_;
  EXPECT_EQ(list_folder(folder_.path("m/checkpoints")).size(), 3u);
}

TEST_F(TrainingRun, WithOtherTextInTheSameFilesIsADataError) {
  train(options("m"));
  folder_.write("a.tgt", joined(sample_lines(40, 9)));
  RunOptions run = options("m");
  run.training.max_updates = 20;
  const std::string message = message_of(run);
  EXPECT_EQ(message.substr(0, 2), "3 ") << message;
  EXPECT_NE(message.find("training text"), std::string::npos) << message;
}

TEST_F(TrainingRun, RefusesAFolderWithAnotherProgramsModel) {
  write_small_folder(folder_.path("foreign"));
  const std::string before = bytes("foreign/model.safetensors"), config = bytes("foreign/config.json");
  const std::string message = message_of(options("foreign"));
  EXPECT_EQ(message.substr(0, 11), "2 [--model]") << message;
  EXPECT_EQ(bytes("foreign/model.safetensors"), before);
  EXPECT_EQ(bytes("foreign/config.json"), config);
  EXPECT_FALSE(file_exists(folder_.path("foreign/run.json")));
}

TEST_F(TrainingRun, WritesNothingBeforeTheTextWasFoundFit) {
  RunOptions run = options("m");
  run.train.target = {folder_.write("short.tgt", "one line\n")};
  EXPECT_EQ(message_of(run).substr(0, 2), "3 ");
  run.train.target = {folder_.path("missing")};
  EXPECT_EQ(message_of(run).substr(0, 2), "3 ");
  EXPECT_FALSE(file_exists(folder_.path("m")));
}

TEST_F(TrainingRun, StopsAfterSoManyEpochs) {
  RunOptions run = options("m");
  run.training.max_epochs = 2;
  run.training.max_updates = 1000;
  EXPECT_EQ(train(run), StopReason::kEpochs);
  const auto updates = std::stoll(list_folder(folder_.path("m/checkpoints")).at(0).substr(7));
  EXPECT_EQ(state("m", updates)["epoch"], 2);
  EXPECT_TRUE(said("reached --max-epochs 2"));
}

TEST_F(TrainingRun, AnUpdateNeverSpansTwoEpochs) {
  RunOptions run = options("m");
  run.training.accumulate = 100;  // more than an epoch has
  run.training.max_epochs = 2;
  EXPECT_EQ(train(run), StopReason::kEpochs);
  const auto once = state("m", 2)["target_tokens"].get<int64_t>();
  run.training.max_epochs = 3;
  EXPECT_EQ(train(run), StopReason::kEpochs);
  EXPECT_EQ(state("m", 3)["target_tokens"].get<int64_t>() * 2, once * 3);
}

TEST_F(TrainingRun, StopsWhenItsTimeIsUp) {
  RunOptions run = options("m");
  run.training.max_updates = 1'000'000;
  run.training.max_time = 0.05;
  EXPECT_EQ(train(run), StopReason::kTime);
}

// With a learning rate that changes nothing that counts, no validation is better than the first.
TEST_F(TrainingRun, StopsEarlyWithoutABetterValidationAndATieKeepsTheEarlier) {
  RunOptions run = validated("m");
  run.training.learning_rate = 1e-30;
  run.training.early_stopping = 3;
  EXPECT_EQ(train(run), StopReason::kNoGain);
  EXPECT_EQ(state("m", 4)["best_update"], 1);
  EXPECT_TRUE(said("no better validation in 3")) << log_;
  EXPECT_TRUE(said("--max-updates +N")) << log_;
  EXPECT_TRUE(said("the model is that of update 1")) << log_;
  EXPECT_EQ(train(run), StopReason::kNoGain);
  EXPECT_TRUE(said("already at update 4 of 4")) << log_;
  run.training.early_stopping = 5;  // it only observes the run
  EXPECT_EQ(train(run), StopReason::kNoGain);
  EXPECT_TRUE(said("changed since the run began: --early-stopping 3 -> 5")) << log_;
  EXPECT_EQ(state("m", 6)["validations_without_gain"], 5);
  run.training.max_updates = 3;
  run.training.max_updates_is_relative = true;  // the patience restarts
  EXPECT_EQ(train(run), StopReason::kUpdates);
  EXPECT_EQ(state("m", 9)["validations_without_gain"], 3);
}

TEST_F(TrainingRun, KeepsItsTokenizerWhateverTheSampleIsLater) {
  train(validated("whole"));
  RunOptions run = validated("m");
  run.training.max_updates = 5;
  train(run);
  run.training.max_updates = 12;
  run.tokenizer.tokenizer_sample = 7;
  EXPECT_EQ(train(run), StopReason::kUpdates);
  EXPECT_TRUE(said("changed since the run began: --tokenizer-sample 500000 -> 7")) << log_;
  expect_same_end("whole", "m", 12);
}

TEST_F(TrainingRun, ResumesWithItsTextInAnotherPlace) {
  train(validated("whole"));
  RunOptions moved = validated("m");
  moved.training.max_updates = 5;
  train(moved);
  for (const char* name : {"a.src", "a.tgt", "v.src", "v.tgt"})
    std::filesystem::rename(folder_.path(name), folder_.path(std::string("moved-") + name));
  moved.training.max_updates = 12;
  moved.train = {{folder_.path("moved-a.src")}, {folder_.path("moved-a.tgt")}, {}};
  moved.valid = {{folder_.path("moved-v.src")}, {folder_.path("moved-v.tgt")}, {}};
  EXPECT_EQ(train(moved), StopReason::kUpdates);
  EXPECT_TRUE(said("changed since the run began: --train-source ")) << log_;
  EXPECT_TRUE(said("changed since the run began: --valid-target ")) << log_;
  EXPECT_FALSE(said("start again")) << log_;
  expect_same_end("whole", "m", 12);
  folder_.write("moved-a.src", joined(sample_lines(40, 8)));
  moved.training.max_updates = 20;
  EXPECT_EQ(message_of(moved).substr(0, 2), "3 ");
}

TEST_F(TrainingRun, WithOtherValidationTextTheBestScoreBeginsAnew) {
  RunOptions run = validated("m");
  run.training.max_updates = 4;
  run.training.average = 2;
  train(run);
  folder_.write("v.src", joined(sample_lines(4, 13)));
  folder_.write("v.tgt", joined(sample_lines(4, 14)));
  run.training.max_updates = 5;
  train(run);
  EXPECT_TRUE(said("the validation text has changed")) << log_;
  EXPECT_EQ(state("m", 5)["best_update"], 5);
  EXPECT_EQ(state("m", 5)["snapshots"].size(), 1u);
  EXPECT_EQ(state("m", 5)["model"]["update"], 5);
}

TEST_F(TrainingRun, ItsStateSaysWhatTheModelIs) {
  RunOptions run = validated("m");
  run.training.average = 2;
  run.training.average_of = AverageOf::kLast;
  for (const int64_t updates : {3, 6, 12}) {
    run.training.max_updates = updates;
    train(run);
    const auto model = state("m", updates)["model"];
    EXPECT_EQ(model["checksum"], checksum_of_file(folder_.path("m/model.safetensors")));
    const std::string said_so = model["averaged"] > 0
                                    ? "the model is the mean of 2 validations"
                                    : "the model is that of update " + model["update"].dump();
    EXPECT_TRUE(said(said_so)) << log_;
  }
}

// What can befall a file.
const std::vector<std::function<void(const std::string&)>>& damages() {
  static const std::vector<std::function<void(const std::string&)>> all = {
      [](const std::string& path) { std::filesystem::remove(path); },
      [](const std::string& path) { std::filesystem::resize_file(path, 100); },
      [](const std::string& path) { std::filesystem::resize_file(path, 0); },
      [](const std::string& path) {
        std::string content = read_file(path, ErrorKind::kData);
        content.back() ^= 1;
        write_file_atomically(path, content);
      }};
  return all;
}

TEST_F(TrainingRun, RestoresAModelThatWasLost) {
  RunOptions last = options("last"), best = validated("best");
  last.training.valid_every = 0;
  best.training.valid_every = 2, best.training.average = 3;
  for (const RunOptions& run : {last, best}) {
    train(run);
    const std::string model = run.model_folder + "/model.safetensors";
    const std::string whole = read_file(model, ErrorKind::kData);
    for (const auto& damage : damages()) {
      damage(model);
      train(run);
      EXPECT_TRUE(said("is restored")) << log_;
      EXPECT_TRUE(read_file(model, ErrorKind::kData) == whole);
      check_manifest(run.model_folder);
    }
    train(run);
    EXPECT_FALSE(said("is restored")) << log_;
  }
}

TEST_F(TrainingRun, RestoresTheModelOfAnEarlierUpdateFromItsSnapshot) {
  RunOptions run = validated("m");
  run.training.valid_every = 2, run.training.average = 3;
  train(run);
  const std::string folder = folder_.path(checkpoint("m", 12));
  nlohmann::json earlier = state("m", 12);
  earlier["model"]["update"] = 10, earlier["model"]["score"] = 1e-9;  // better than the mean
  write_file_atomically(folder + "/state.json", earlier.dump());
  std::vector<std::string> names = list_folder(folder);
  std::erase(names, kManifestName);
  write_manifest(folder, names);
  std::filesystem::remove(folder_.path("m/model.safetensors"));
  train(run);
  EXPECT_TRUE(said("the model of update 10 is restored")) << log_;
  EXPECT_TRUE(said("the model is that of update 10")) << log_;
  EXPECT_EQ(bytes("m/model.safetensors"), bytes("m/snapshots/update-10.safetensors"));
  // Without the snapshot too, the run gives another model.
  for (const char* lost : {"m/model.safetensors", "m/snapshots/update-10.safetensors"})
    std::filesystem::remove(folder_.path(lost));
  train(run);
  EXPECT_TRUE(said("the model of update 10 is missing")) << log_;
  load_model_folder(folder_.path("m"), torch::kCPU);
}

TEST_F(TrainingRun, EndsWithTheMeanOfTheSnapshotsThatAreLeft) {
  RunOptions run = validated("m");
  run.training.valid_every = 2, run.training.average = 3;
  for (size_t i = 0; i + 1 < damages().size(); ++i) {  // snapshots have no checksum
    const auto& damage = damages()[i];
    run.training.max_updates = 12;
    train(run);
    damage(snapshot_path(folder_.path("m"), 10));
    run.training.max_updates = 13;
    train(run);
    EXPECT_TRUE(said("update-10.safetensors")) << log_;
    EXPECT_TRUE(said("skipped in the mean of --average")) << log_;
    std::filesystem::remove_all(folder_.path("m"));
  }
}

// A stop in the validation at update 6, and in what comes at the end.
TEST_F(TrainingRun, StoppedInAValidationDoesItFirstAtTheNextCall) {
  RunOptions whole = validated("whole"), stopped = validated("stopped");
  for (RunOptions* run : {&whole, &stopped}) {
    run->training.valid_every = 6;
    run->training.average = 2;
    run->training.moving_average = 0.9;
    run->training.max_updates = 13;
  }
  train(whole);
  for (const char* when : {"update 6 ", "update 13 ", "valid  update 13 ", "nothing"}) {
    const auto reason = train_until(when, stopped);
    EXPECT_EQ(reason, std::string(when) == "nothing" ? StopReason::kUpdates : StopReason::kSignal)
        << when << log_;
    EXPECT_EQ(reason == StopReason::kSignal, said("stopped by a signal, state saved")) << log_;
  }
  EXPECT_TRUE(said("the work at the end of the run was missing")) << log_;
  expect_same_end("whole", "stopped", 13);
  EXPECT_EQ(state("whole", 13)["model"], state("stopped", 13)["model"]);
  EXPECT_EQ(state("stopped", 13)["finished"], true);
}

// Neither half of a pass over the text nor half of an update is left.
TEST_F(TrainingRun, StoppedBeforeItsFirstUpdateHarmsNothing) {
  train(options("whole"));
  for (const char* when : {"threads 1", "tokenizer: ", "model: ", "training: ", "batches: "}) {
    const std::string model = std::string("stopped-") + when[0] + when[1];
    try {
      EXPECT_EQ(train_until(when, options(model)), StopReason::kSignal) << when;
    } catch (const Interrupted& interrupted) {
      EXPECT_EQ(interrupted.signal, 15) << when;
    }
    EXPECT_FALSE(file_exists(folder_.path(model + "/model.safetensors"))) << when;
    train(options(model));
    expect_same_end("whole", model, 12);
  }
}

// kill -USR2 between validations: nothing but the log may tell.
TEST_F(TrainingRun, ALookFromOutsideChangesNothing) {
  class AskAt : public std::stringbuf {
   public:
    explicit AskAt(RunRequests& requests) : requests_(requests) {}
    int sync() override { return requests_.validate = true, 0; }

   private:
    RunRequests& requests_;
  };
  RunOptions whole = validated("whole"), watched = validated("watched");
  for (RunOptions* run : {&whole, &watched}) {
    run->training.valid_every = 5;
    run->training.early_stopping = 3;
    run->training.average = 2;
    run->training.moving_average = 0.9;
  }
  train(whole);
  AskAt buffer(requests_);
  std::ostream stream(&buffer);
  Log log(stream);
  EXPECT_EQ(run_training(watched, log, requests_), StopReason::kUpdates);
  EXPECT_NE(buffer.str().find("requested by SIGUSR2, not counted"), std::string::npos) << buffer.str();
  expect_same_end("whole", "watched", 12);
  for (const char* key : {"best_update", "best_score", "validations_without_gain", "snapshots", "model"})
    EXPECT_EQ(state("whole", 12)[key], state("watched", 12)[key]) << key;
}

TEST_F(TrainingRun, FineTuningThatMakesAModelWorseKeepsIt) {
  RunOptions first = validated("base");
  first.training.max_updates = 30;
  train(first);
  RunOptions worse = validated("m");
  worse.from_model = folder_.path("base");
  worse.tokenizer = {};
  worse.training.learning_rate = 10;
  worse.training.warmup = 0;
  worse.training.max_updates = 3;
  train(worse);
  EXPECT_TRUE(said("valid  update 0")) << log_;
  EXPECT_TRUE(said("the model is that of update 0")) << log_;
  EXPECT_EQ(bytes("m/model.safetensors"), bytes("base/model.safetensors"));
}

TEST_F(TrainingRun, TheModelOfFineTuningMayLieElsewhereWhenItIsTheSame) {
  train(options("base"));
  RunOptions tuned = options("m");
  tuned.from_model = folder_.path("base");
  tuned.tokenizer = {};
  tuned.training.max_updates = 2;
  train(tuned);
  std::filesystem::rename(folder_.path("base"), folder_.path("moved"));
  tuned.from_model = folder_.path("moved");
  tuned.training.max_updates = 3;
  EXPECT_EQ(train(tuned), StopReason::kUpdates);
  EXPECT_TRUE(said("changed since the run began: --from-model ")) << log_;
  RunOptions other = options("moved-more");
  train(other);
  tuned.from_model = folder_.path("moved-more");
  other.training.seed = 5;
  remove_all(folder_.path("moved-more"));
  train(other);
  EXPECT_EQ(message_of(tuned).substr(0, 16), "2 [--from-model]") << message_of(tuned);
}

// Another process may begin a run in the folder while the text is read: it is checked again under the lock.
TEST_F(TrainingRun, RefusesARunThatBeganWhileItReadItsText) {
  class BeginOther : public std::stringbuf {
   public:
    explicit BeginOther(std::function<void()> begin) : begin_(std::move(begin)) {}
    int sync() override {
      if (begin_ && str().find("training text") != std::string::npos) std::exchange(begin_, nullptr)();
      return 0;
    }

   private:
    std::function<void()> begin_;
  };
  RunOptions second = options("m");
  second.training.seed = 2;
  BeginOther buffer([&] { train(options("m")); });
  std::ostream stream(&buffer);
  Log log(stream);
  EXPECT_THROW(run_training(second, log, requests_), UsageError);
  train(options("alone"));
  expect_same_end("alone", "m", 12);
}

TEST_F(TrainingRun, LooksWhetherItsFolderCanBeMadeBeforeItReads) {
  RunOptions run = options("m");
  run.model_folder = folder_.path("a.src") + "/m";  // a file is in the way
  run.train.source = {folder_.path("missing")};     // what it would complain about if it read
  const std::string message = message_of(run);
  EXPECT_EQ(message.substr(0, 2), "3 ") << message;
  EXPECT_NE(message.find("cannot write to"), std::string::npos) << message;
}

TEST_F(TrainingRun, KeepsTheModelOfTheBestValidation) {
  RunOptions run = validated("m");
  run.training.learning_rate = 3;  // soon makes the model worse
  run.training.max_updates = 6;
  train(run);
  int64_t best_update = 0;
  double best_loss = 1e9;
  std::istringstream lines(bytes("m/train.log.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    const auto entry = parse_json(line, "train.log.jsonl", ErrorKind::kData);
    if (entry["kind"] != "valid" || entry["loss"] >= best_loss) continue;
    best_loss = entry["loss"], best_update = entry["update"];
  }
  ASSERT_LT(best_update, 6) << "the last was the best: nothing was tested";
  ASSERT_GT(best_update, 0);
  RunOptions until_best = options("best");
  until_best.training.learning_rate = 3;
  until_best.training.max_updates = best_update;
  train(until_best);
  EXPECT_EQ(bytes("m/model.safetensors"), bytes("best/model.safetensors"));
  EXPECT_NE(bytes("m/model.safetensors"), bytes(checkpoint("m", 6) + "/model.safetensors"));
}

TEST_F(TrainingRun, HoldsPairsOutWhenThereIsNoValidationText) {
  RunOptions run = options("m");
  run.training.valid_every = 5;
  train(run);
  EXPECT_TRUE(said("validation text: 1 pairs held out of the training text")) << log_;
  EXPECT_TRUE(said("training: 39 pairs")) << log_;
  EXPECT_TRUE(said("valid  update 5")) << log_;
  EXPECT_TRUE(said("valid  update 12")) << log_;
}

TEST_F(TrainingRun, TrainsTwoVocabulariesOfOneSize) {
  RunOptions run = options("m");
  run.model.share_encoder_decoder_embeddings = false;
  train(run);
  const LoadedModelFolder folder = load_model_folder(folder_.path("m"), torch::kCPU);
  EXPECT_FALSE(folder.tokenizers.shared);
  EXPECT_EQ(folder.model->options().vocab_size, folder.model->options().decoder_vocab_size);
  EXPECT_NE(folder.tokenizers.source.vocabulary().to_json(), folder.tokenizers.target.vocabulary().to_json());
}

}  // namespace
}  // namespace dragoman
