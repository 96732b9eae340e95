// uses: torch
#include "training/checkpoint.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "tests/support/small_model.h"

namespace dragoman {
namespace {

// A model and an optimiser whose moments are not zero.
struct ModelWithMoments {
  Transformer model;
  Adam optimiser;

  explicit ModelWithMoments(uint64_t seed)
      : model(random_model(small_model_options(), seed)), optimiser(model, {}) {
    const torch::NoGradGuard no_grad;
    for (const auto& slot : optimiser.slots()) {
      slot.first_moment.copy_(torch::randn_like(slot.first_moment));
      slot.second_moment.copy_(torch::rand_like(slot.second_moment));
    }
  }
};

TrainingState some_state(int64_t update) {
  TrainingState state;
  state.update = state.steps = update;
  state.position = {3, 14};
  state.target_tokens = 123'456'789'012;
  state.seconds = 0.1;
  state.loss_scale = 4096;
  state.scale_age = 17;
  state.has_best = true;
  state.best_score = 1.0 / 3;
  state.best_update = 40;
  state.last_validation = 41;
  state.validations_without_gain = 2;
  state.corpus = "0123456789abcdef";
  return state;
}

struct Newest {
  std::optional<std::string> path;
  std::string log;
};

Newest newest_in(const TemporaryFolder& folder) {
  std::ostringstream text;
  Log log(text);
  const auto path = newest_checkpoint(folder.path(""), log);
  return {path, text.str()};
}

std::string checkpoint_path(const TemporaryFolder& folder, int64_t update) {
  return folder.path("checkpoints/update-" + std::to_string(update));
}

void save(const TemporaryFolder& folder, int64_t update, int64_t keep = 1) {
  const ModelWithMoments run(static_cast<uint64_t>(update));
  save_checkpoint(folder.path(""), some_state(update), run.model, run.optimiser, nullptr, keep);
}

TEST(Checkpoint, GivesBackWeightsMomentsAndState) {
  const TemporaryFolder folder;
  const ModelWithMoments saved(1);
  save_checkpoint(folder.path(""), some_state(42), saved.model, saved.optimiser, nullptr, 1);
  ModelWithMoments loaded(2);
  const TrainingState state =
      load_checkpoint(*newest_in(folder).path, loaded.model, loaded.optimiser, nullptr);
  for (size_t i = 0; i < saved.optimiser.slots().size(); ++i) {
    const auto &before = saved.optimiser.slots()[i], &after = loaded.optimiser.slots()[i];
    EXPECT_TRUE(before.parameter.equal(after.parameter)) << before.name;
    EXPECT_TRUE(before.first_moment.equal(after.first_moment)) << before.name;
    EXPECT_TRUE(before.second_moment.equal(after.second_moment)) << before.name;
  }
  EXPECT_TRUE(saved.model->output_projection_->bias().equal(loaded.model->output_projection_->bias()));
  EXPECT_EQ(loaded.optimiser.steps(), 42);
  const TrainingState expected = some_state(42);
  EXPECT_EQ(state.update, expected.update);
  EXPECT_EQ(state.position.epoch, expected.position.epoch);
  EXPECT_EQ(state.position.batch, expected.position.batch);
  EXPECT_EQ(state.target_tokens, expected.target_tokens);
  EXPECT_EQ(state.seconds, expected.seconds);
  EXPECT_EQ(state.loss_scale, expected.loss_scale);
  EXPECT_EQ(state.scale_age, expected.scale_age);
  EXPECT_EQ(state.has_best, expected.has_best);
  EXPECT_EQ(state.best_score, expected.best_score);
  EXPECT_EQ(state.best_update, expected.best_update);
  EXPECT_EQ(state.last_validation, expected.last_validation);
  EXPECT_EQ(state.validations_without_gain, expected.validations_without_gain);
  EXPECT_EQ(state.corpus, expected.corpus);
}

TEST(Checkpoint, TheNewestByNumberCounts) {
  const TemporaryFolder folder;
  EXPECT_FALSE(newest_in(folder).path.has_value());
  for (const int64_t update : {9, 20, 10}) save(folder, update, 5);
  make_folder(folder.path("checkpoints/update-21x"));
  make_folder(folder.path("checkpoints/tmp-update-300"));
  const Newest newest = newest_in(folder);
  EXPECT_EQ(newest.path, checkpoint_path(folder, 20));
  EXPECT_EQ(newest.log, "");
}

TEST(Checkpoint, KeepsTheNewestAndRemovesWhatAKilledSaveLeft) {
  const TemporaryFolder folder;
  make_folder(folder.path("checkpoints/tmp-update-7"));
  for (const int64_t update : {8, 9, 10, 11}) save(folder, update, 2);
  EXPECT_EQ(list_folder(folder.path("checkpoints")), (std::vector<std::string>{"update-10", "update-11"}));
}

// A run was resumed from the last intact one, and saves again.
TEST(Checkpoint, DamagedOnesNeverTakeThePlaceOfIntactOnes) {
  const TemporaryFolder folder;
  for (const int64_t update : {10, 20, 30}) save(folder, update, 3);
  for (const int64_t update : {20, 30}) remove_all(checkpoint_path(folder, update) + "/state.json");
  make_folder(folder.path("checkpoints/update-99"));
  write_file_atomically(folder.path("checkpoints/update-100"), "a file");
  save(folder, 14, 2);
  EXPECT_EQ(newest_in(folder).path, checkpoint_path(folder, 14));
  save(folder, 22, 2);
  EXPECT_EQ(newest_in(folder).path, checkpoint_path(folder, 22));
  EXPECT_TRUE(file_exists(checkpoint_path(folder, 14) + "/state.json"));
  save(folder, 40, 1);
  EXPECT_EQ(list_folder(folder.path("checkpoints")),
            (std::vector<std::string>{"update-100", "update-40", "update-99"}));
}

TEST(Checkpoint, SavedAgainReplacesADamagedOne) {
  const TemporaryFolder folder;
  save(folder, 5);
  remove_all(checkpoint_path(folder, 5) + "/state.json");
  save(folder, 5);
  EXPECT_EQ(newest_in(folder).path, checkpoint_path(folder, 5));
}

const char* const kFiles[] = {"model.safetensors", "optimizer.safetensors", "state.json", "manifest.json"};

// The checkpoint before the damaged one is taken, and the damaged one is named.
void expect_passed_over(const TemporaryFolder& folder, const std::string& what) {
  const Newest newest = newest_in(folder);
  EXPECT_EQ(newest.path, checkpoint_path(folder, 1)) << what;
  EXPECT_NE(newest.log.find("warning: checkpoint skipped: "), std::string::npos) << what;
  EXPECT_NE(newest.log.find(checkpoint_path(folder, 2)), std::string::npos) << what << ": " << newest.log;
}

class DamagedCheckpoint : public ::testing::Test {
 protected:
  void SetUp() override {
    save(folder_, 1, 2);
    save(folder_, 2, 2);
    ASSERT_EQ(newest_in(folder_).path, checkpoint_path(folder_, 2));
  }
  std::string path_of(const std::string& name) const { return checkpoint_path(folder_, 2) + "/" + name; }

  TemporaryFolder folder_;
};

TEST_F(DamagedCheckpoint, IsPassedOverWhenAFileIsShorter) {
  for (const char* name : kFiles) {
    const std::string whole = read_file(path_of(name), ErrorKind::kData);
    for (const size_t size : {size_t{0}, size_t{1}, size_t{9}, whole.size() / 2, whole.size() - 2}) {
      std::filesystem::resize_file(path_of(name), size);
      expect_passed_over(folder_, name + std::string(" of ") + std::to_string(size) + " bytes");
      write_file_atomically(path_of(name), whole);
    }
  }
}

TEST_F(DamagedCheckpoint, IsPassedOverWhenABitOfItIsFlipped) {
  SplitMix64 random(1);
  for (const char* name : {"model.safetensors", "optimizer.safetensors", "state.json"}) {
    const std::string whole = read_file(path_of(name), ErrorKind::kData);
    std::vector<size_t> places = {0, whole.size() - 1};
    for (int i = 0; i < 8; ++i) places.push_back(random.below(whole.size()));
    for (const size_t place : places) {
      std::string flipped = whole;
      flipped[place] = static_cast<char>(flipped[place] ^ (1 << random.below(8)));
      write_file_atomically(path_of(name), flipped);
      expect_passed_over(folder_, name + std::string(" at ") + std::to_string(place));
    }
    write_file_atomically(path_of(name), whole);
  }
}

TEST_F(DamagedCheckpoint, IsPassedOverWhenAFileIsMissing) {
  for (const char* name : kFiles) {
    const std::string whole = read_file(path_of(name), ErrorKind::kData);
    remove_all(path_of(name));
    expect_passed_over(folder_, std::string("without ") + name);
    write_file_atomically(path_of(name), whole);
  }
}

TEST_F(DamagedCheckpoint, WithoutAnotherOneIsNone) {
  remove_all(checkpoint_path(folder_, 1));
  std::filesystem::resize_file(path_of("model.safetensors"), 100);
  EXPECT_FALSE(newest_in(folder_).path.has_value());
}

TEST(Checkpoint, OfAnotherShapeIsAModelErrorNamingTheTensor) {
  const TemporaryFolder folder;
  save(folder, 3);
  Transformer other = random_model(small_model_options(kSmallVocabulary + 1));
  Adam optimiser(other, {});
  try {
    load_checkpoint(checkpoint_path(folder, 3), other, optimiser, nullptr);
    FAIL() << "no error";
  } catch (const ModelError& error) {
    EXPECT_NE(std::string(error.what()).find("model.safetensors: "), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace dragoman
