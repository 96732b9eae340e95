#include "training/run_saver.h"

#include "training/checkpoint.h"
#include "training/snapshots.h"

namespace dragoman {

bool RunSaver::try_to_write(const std::string& what, const std::function<void()>& write) const {
  try {
    write();
    return true;
  } catch (const DataError& error) {
    if (is_ending_) throw;
    training_.log.warning(
        what + " was not saved; training continues, and what was saved before stays: " + error.what());
    return false;
  }
}

void RunSaver::save() {
  TrainingState& state = training_.state;
  const LoadedModelFolder& folder = training_.folder;
  state.seconds = training_.clock.training();
  state.steps = training_.optimiser.steps();
  save_checkpoint(folder.path, state, folder.model, training_.optimiser, training_.moving_average(),
                  training_.options.keep_checkpoints);
  saved_update_ = state.update;
  remove_unlisted_snapshots(folder.path, state.snapshots);
}

void RunSaver::save_state() {
  if (!has_saved_update()) return save();
  TrainingState& state = training_.state;
  state.seconds = training_.clock.training();
  save_state_again(training_.folder.path, state);
  remove_unlisted_snapshots(training_.folder.path, state.snapshots);
}

void RunSaver::write_weights() {
  const AverageInPlace average(training_.moving_average(), training_.folder.model);
  training_.write_model(0, std::nullopt);
}

}  // namespace dragoman
