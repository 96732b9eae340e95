#include "planning/training_state.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "core/error.h"
#include "core/json.h"

namespace dragoman {
namespace {

TrainingState some_state() {
  TrainingState state;
  state.update = 12, state.steps = 11, state.position = {3, 4}, state.target_tokens = 500;
  state.seconds = 0.1, state.loss_scale = 65536, state.has_best = true, state.best_score = -1.0 / 3;
  state.snapshots = {{5, 0.1}, {10, 0.2}}, state.corpus = "abc";
  return state;
}

TEST(TrainingState, IsReadAsItWasWritten) {
  const std::string text = training_state_text(some_state());
  const TrainingState read = parse_training_state(text, "state.json");
  EXPECT_EQ(read.best_score, -1.0 / 3);
  EXPECT_EQ(read.position.batch, 4);
  EXPECT_EQ(read.snapshots.at(1).update, 10);
  EXPECT_EQ(training_state_text(read), text);
}

TEST(TrainingState, KnowsWhatTheModelIs) {
  TrainingState state = some_state();
  state.model = {10, 2, 0.25, "cafe"}, state.valid_text = "v", state.from_model = "f", state.finished = true;
  const TrainingState read = parse_training_state(training_state_text(state), "state.json");
  EXPECT_EQ(read.model->update, 10);
  EXPECT_EQ(read.model->averaged, 2);
  EXPECT_EQ(read.model->score, 0.25);
  EXPECT_EQ(read.model->checksum, "cafe");
  EXPECT_EQ(read.valid_text + read.from_model, "vf");
  EXPECT_EQ(read.finished, true);
  EXPECT_FALSE(parse_training_state(training_state_text(some_state()), "state.json").model.has_value());
}

const char* const kNewerKeys[] = {"valid_text", "from_model", "model", "finished"};

TEST(TrainingState, OfAnOlderVersionIsRead) {
  auto json = nlohmann::json::parse(training_state_text(some_state()));
  for (const char* key : kNewerKeys) json.erase(key);
  const TrainingState read = parse_training_state(json.dump(), "state.json");
  EXPECT_FALSE(read.finished.has_value());
  EXPECT_EQ(read.model->score, -1.0 / 3);
  EXPECT_EQ(read.corpus, "abc");
}

TEST(TrainingState, RefusesWhatIsNone) {
  const auto whole = nlohmann::json::parse(training_state_text(some_state()));
  const auto refused = [](const nlohmann::json& json) {
    EXPECT_THROW(parse_training_state(json.dump(), "state.json"), ModelError) << json;
  };
  for (const auto& item : whole.items()) {
    nlohmann::json changed = whole;
    changed.erase(item.key());
    const bool is_newer =
        std::find(std::begin(kNewerKeys), std::end(kNewerKeys), item.key()) != std::end(kNewerKeys);
    if (!is_newer) refused(changed);
    changed[item.key()] = nlohmann::json::array({1});
    refused(changed);
  }
  for (const char* key : {"update", "steps", "epoch", "batch", "best_update"}) {
    for (const auto& value : {nlohmann::json(-1), nlohmann::json(1.5), nlohmann::json(1e300),
                              nlohmann::json(uint64_t{1} << 63)}) {
      nlohmann::json changed = whole;
      changed[key] = value;
      refused(changed);
    }
  }
  refused("text");
  refused({{"update", 1}});
}

}  // namespace
}  // namespace dragoman
