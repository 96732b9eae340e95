#include "training/progress_report.h"

#include <algorithm>

#include "planning/schedule.h"

namespace dragoman {

void ProgressReport::begin() {
  window_ = ProgressWindow(training_.clock.seconds());
  times_ = ProgressTimes(training_.clock.seconds());
}

void ProgressReport::begin_batches(const EncodedCorpus& corpus) {
  epoch_ = measure_epoch(corpus, training_.options, training_.state.position.epoch, training_.log);
  check_schedule(0);
}

RunEnd ProgressReport::expected_end_of_run(double seconds_per_update) const {
  const RunPosition position = position_of(training_.state, epoch_, training_.clock.training());
  return expected_end(training_.options, epoch_.updates, seconds_per_update, position);
}

// Before the first updates (0 seconds each) it is not known how many --max-time allows.
void ProgressReport::check_schedule(double seconds_per_update) const {
  const RunEnd end = expected_end_of_run(seconds_per_update);
  if (seconds_per_update > 0 && !end.by.starts_with("--max-time")) return;  // was checked at the start
  for (const auto& text : schedule_warnings(training_.options, end)) training_.log.warning(text);
}

void ProgressReport::check_time() {
  constexpr int64_t kFewUpdates = 3;
  constexpr double kShare = 0.05;  // of --max-time
  const TrainingClock& clock = training_.clock;
  const double max_time = training_.options.max_time;
  if (time_is_checked_ || max_time <= 0) return;
  if (clock.updates_in_this_call(training_.state.update) < kFewUpdates) return;
  if (clock.training_in_this_call() < kShare * max_time) return;
  time_is_checked_ = true;
  check_schedule(clock.seconds_per_update(training_.state.update));
}

TrainProgress ProgressReport::progress() const {
  const TrainingState& state = training_.state;
  TrainProgress progress = window_.averages(training_.clock.seconds());
  progress.epoch = state.position.epoch + (state.position.batch > 0 ? 1 : 0);
  progress.update = state.update;
  progress.learning_rate =
      learning_rate_at(state.update, training_.options, training_.folder.model->options().d_model);
  progress.seconds = training_.clock.training();
  const RunEnd end = expected_end_of_run(training_.clock.seconds_per_update(state.update));
  progress.seconds_left = std::max(0.0, end.seconds - training_.clock.training());
  return progress;
}

ProgressLine ProgressReport::due() const {
  if (training_.state.update % training_.options.log_every == 0) return ProgressLine::kLogged;
  return times_.due(training_.clock.seconds(), training_.log.on_terminal());
}

void ProgressReport::report(ProgressLine line) {
  if (line == ProgressLine::kShown) {
    training_.train_log.show(progress());
    times_.shown(training_.clock.seconds());
  } else if (line == ProgressLine::kLogged) {
    training_.train_log.progress(progress());
    times_.logged(training_.clock.seconds());
    window_ = ProgressWindow(training_.clock.seconds());
  }
}

void ProgressReport::report_rest() {
  if (!window_.is_empty()) report(ProgressLine::kLogged);
}

}  // namespace dragoman
