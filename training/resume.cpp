#include "training/resume.h"

#include <algorithm>
#include <utility>

#include "core/files.h"
#include "folder/manifest.h"
#include "folder/safetensors.h"
#include "folder/weight_file.h"
#include "model/weights.h"
#include "training/checkpoint.h"
#include "training/snapshots.h"

namespace dragoman {
namespace {

// ModelError when the model's file is lost or damaged.
void check_model_file(const Training& training) {
  const std::string& folder = training.folder.path;
  const std::string path = join_path(folder, kWeightsName);
  check_weights(training.folder.model->options(), SafetensorsFile(path));
  // A file that the checkpoint does not know is fine when the manifest lists it: it was written after that
  // checkpoint, or the user put it there and resealed the folder. The other files were checked on opening.
  const auto& model = training.state.model;
  if (!model || checksum_of_file(path) != model->checksum)
    check_manifest(folder, [](const std::string& name) { return name == kWeightsName; });
}

// Writes the model `lost` again. False when neither the weights in training nor a snapshot are its weights.
bool restore_model(Training& training, const KeptModel& lost) {
  const std::vector<Snapshot>& snapshots = training.state.snapshots;
  const bool is_trained_on = lost.update == training.state.update;
  const bool is_kept = std::any_of(snapshots.begin(), snapshots.end(),
                                   [&](const Snapshot& snapshot) { return snapshot.update == lost.update; });
  if (!is_trained_on && !is_kept) return false;
  Transformer& model = training.folder.model;
  const AverageInPlace average(training.moving_average(), model);
  const WeightsGuard trained(model);
  if (!is_trained_on) load_average(model, {snapshot_path(training.folder.path, lost.update)});
  training.write_model(0, lost.score);
  training.state.model->update = lost.update;
  return true;
}

// When the model cannot be restored, the next validation or the end of the run writes another one.
void restore_lost_model(Training& training) {
  TrainingState& state = training.state;
  Log& log = training.log;
  try {
    return check_model_file(training);
  } catch (const ModelError& error) {
    if (!state.model && !state.finished.value_or(false)) return;  // none was written yet
    log.warning(error.what());
  }
  const auto lost = std::exchange(state.model, std::nullopt);
  state.finished = false;
  if (!lost || lost->averaged > 0)
    return log.warning("the model file is missing: a new one is written at the end of the run");
  const std::string name = "the model of update " + std::to_string(lost->update);
  if (restore_model(training, *lost)) return log.info(name + " is restored");
  log.warning(name + " is missing: a new one is written after the next validation, or at the end of the run");
}

}  // namespace

void require_same_corpus(const TrainingState& saved, const std::string& corpus,
                         const std::string& checkpoint) {
  if (saved.corpus == corpus) return;
  throw DataError(
      checkpoint,
      "expected the training text that this run began with, got another (its encoded pairs have checksum " +
          corpus + ", not " + saved.corpus +
          "); held-out validation pairs are not part of that text: if the run was started with "
          "--valid-source or --valid-pairs, give the same flags now");
}

TrainingState with_validation_text(TrainingState state, const std::string& text, bool forget_snapshots) {
  const bool is_another = !state.valid_text.empty() && state.valid_text != text;
  state.valid_text = text;
  if (!is_another) return state;
  state.has_best = false, state.best_score = 0, state.best_update = 0;
  state.validations_without_gain = 0;
  if (forget_snapshots) state.snapshots.clear();
  if (state.model) state.model->score.reset();
  return state;
}

void resume_training(Training& training, const std::string& checkpoint) {
  TrainingState& state = training.state;
  const std::string& folder = training.folder.path;
  const TrainingState fresh = std::exchange(
      state,
      load_checkpoint(checkpoint, training.folder.model, training.optimiser, training.moving_average()));
  require_same_corpus(state, fresh.corpus, checkpoint);
  if (!state.finished) state.finished = file_exists(join_path(folder, kWeightsName));
  state.snapshots = intact_snapshots(state.snapshots, folder, training.folder.model->options(), training.log);
  restore_lost_model(training);
  if (fresh.valid_text.empty()) return;  // no validations now
  if (!state.valid_text.empty() && state.valid_text != fresh.valid_text)
    training.log.info(
        "the validation text has changed since the run began: best score and patience start again");
  state = with_validation_text(std::move(state), fresh.valid_text,
                               training.options.average_of == AverageOf::kBest);
}

}  // namespace dragoman
