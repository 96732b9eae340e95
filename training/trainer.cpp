#include "training/trainer.h"

#include "core/heartbeat.h"
#include "core/interrupt.h"
#include "folder/manifest.h"
#include "training/operator_threads.h"
#include "training/resume.h"

namespace dragoman {
namespace {

constexpr HeartbeatTimes kUpdateTimes{10, 10, 60};
constexpr int64_t kPairsUntilRelease = 1 << 18;  // of a corpus on disk

}  // namespace

std::string fingerprint(const EncodedCorpus& corpus) {
  Checksum checksum;
  for (int64_t i = 0; i < corpus.size(); ++i) {
    throw_if_interrupted();
    if (i % kPairsUntilRelease == 0) corpus.release();
    for (const auto side : {corpus.source(i), corpus.target(i)}) checksum.add(side.data(), side.size_bytes());
  }
  return checksum.text();
}

Trainer::Trainer(LoadedModelFolder folder, const EncodedCorpus& corpus, const Validator* validator,
                 const TrainingOptions& options, Log& log, RunRequests& requests)
    : training_(std::move(folder), options, log),
      corpus_(corpus),
      requests_(requests),
      saver_(training_),
      validations_(training_, validator, saver_),
      updates_(training_, corpus),
      progress_(training_) {
  training_.state.corpus = fingerprint(corpus);
  if (validator) training_.state.valid_text = validator->fingerprint();
}

void Trainer::resume(const std::string& checkpoint) {
  resume_training(training_, checkpoint);
  saver_.resumed();
}

std::optional<StopReason> Trainer::reason_to_stop() const {
  const TrainingState& state = training_.state;
  const bool counts_time = training_.clock.updates_in_this_call(state.update) >= min_updates_;
  const double seconds = counts_time ? training_.clock.training() : 0;
  if (const auto limit = reached_limit(state, training_.options, seconds)) return limit;
  if (interrupt_signal() != 0) return StopReason::kSignal;
  return std::nullopt;
}

// Whether an earlier call did everything, its end included, and no more is requested now.
bool Trainer::is_complete() const {
  const TrainingState& state = training_.state;
  const auto reason = reason_to_stop();
  if (!reason || *reason == StopReason::kSignal || state.update == 0) return false;
  const std::string of = *reason == StopReason::kUpdates ? std::to_string(training_.options.max_updates)
                                                         : std::to_string(state.update);
  const bool done = state.finished.value_or(false);
  training_.log.info("already at update " + std::to_string(state.update) + " of " + of + ": " +
                     reason_text(*reason, training_.options) +
                     (done ? "" : "; the work at the end of the run was missing and is done now"));
  return done;
}

void Trainer::begin() {
  TrainingState& state = training_.state;
  if (training_.options.max_updates_is_relative) {
    training_.options.max_updates += state.update;
    state.validations_without_gain = 0;
  }
  training_.clock.begin(state.seconds, state.update);
  progress_.begin();
}

StopReason Trainer::run() {
  begin();
  if (is_complete()) return *reason_to_stop();
  auto reason = StopReason::kSignal;
  try {
    reason = train();
    if (reason != StopReason::kSignal) complete();
  } catch (const Interrupted&) {
    reason = StopReason::kSignal;
  }
  updates_.end();
  if (reason == StopReason::kSignal) save_for_later();
  report_end(reason);
  return reason;
}

// Saves before it validates: a validation may take long, and a stop in it must lose nothing. The next call
// then begins with the validation.
StopReason Trainer::train() {
  Heartbeat beat(training_.log, "computing the first update", kUpdateTimes);
  training_.folder.model->train();
  training_.folder.model->set_recompute(training_.options.recompute);
  const OperatorThreads threads(updates_.operator_threads());
  const TrainingState& state = training_.state;
  const TrainingClock& clock = training_.clock;
  const int64_t save_every = training_.options.save_every;
  for (;;) {
    const double before = clock.seconds();
    if (validations_.is_due()) validate();
    answer_requests();
    progress_.add_pause(clock.seconds() - before);
    if (const auto reason = reason_to_stop()) return *reason;
    update();
    beat.set("computing update " + with_commas(state.update + 1), true);
    report();
    const double saved_from = clock.seconds();
    if (save_every > 0 && state.update % save_every == 0)
      saver_.try_to_write("a checkpoint", [&] { save(); });
    progress_.add_pause(clock.seconds() - saved_from);
  }
}

void Trainer::update() {
  if (!updates_.have_begun()) {
    updates_.begin();
    progress_.begin_batches(corpus_);
  }
  updates_.run();
  if (updates_.must_be_read()) read_updates();
}

void Trainer::read_updates() {
  for (const UpdateResult& result : updates_.read()) progress_.add(result);
}

void Trainer::report() {
  if (training_.state.update % training_.options.log_every != 0) progress_.check_time();
  const ProgressLine line = progress_.due();
  if (line == ProgressLine::kNone) return;
  read_updates();
  progress_.report(line);
}

void Trainer::validate() {
  read_updates();
  validations_.run();
}

void Trainer::answer_requests() {
  if (requests_.save.exchange(false) && saver_.try_to_write("a checkpoint", [&] { save(); }))
    training_.train_log.saved(training_.state.update, training_.clock.training());
  if (requests_.validate.exchange(false)) validations_.run_on_request();
}

void Trainer::save() {
  read_updates();
  saver_.save();
}

// The end of a run. A stop in it loses nothing: the next call repeats the steps that are missing.
void Trainer::complete() {
  TrainingState& state = training_.state;
  saver_.begin_end();
  read_updates();
  progress_.report_rest();
  if (!saver_.has_saved_update()) saver_.save();
  if (validations_.are_on()) {
    if (state.last_validation != state.update) validations_.run();
    if (state.snapshots.size() > 1) validations_.try_average();
  }
  if (!validations_.are_on() || !state.model) saver_.write_weights();
  state.finished = true;
  saver_.save_state();
}

// After a signal: saves the state after the last complete update before anything else.
void Trainer::save_for_later() {
  const TrainingState& state = training_.state;
  saver_.begin_end();
  read_updates();
  saver_.save_state();
  progress_.report_rest();
  if (state.update == 0 || (validations_.are_on() && state.model)) return;
  saver_.write_weights();  // stopped before the first validation: there should be a model
  saver_.save_state();
}

void Trainer::report_end(StopReason reason) {
  const TrainingState& state = training_.state;
  const double seconds = training_.clock.training();
  std::string text = reason_text(reason, training_.options) + ": update " + std::to_string(state.update) +
                     ", " + clock_text(seconds) + " of training";
  if (validations_.are_on() && state.model && state.model->averaged > 0)
    text += "; the model is the mean of " + std::to_string(state.model->averaged) + " validations";
  else if (validations_.are_on() && state.model)
    text += "; the model is that of update " + std::to_string(state.model->update);
  training_.train_log.stopped(state.update, seconds, text);
}

}  // namespace dragoman
