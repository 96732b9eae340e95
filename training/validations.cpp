#include "training/validations.h"

#include "core/heartbeat.h"
#include "training/operator_threads.h"
#include "training/snapshots.h"

namespace dragoman {

double validation_score(const ValidationResult& result, ValidMetric metric) {
  switch (metric) {
    case ValidMetric::kBleu:
      return result.bleu;
    case ValidMetric::kLoss:
      return -result.loss;
    case ValidMetric::kSer:
      return -result.ser;
    case ValidMetric::kChrf:
      break;
  }
  return result.chrf;
}

void count_validation(TrainingState& state, double score, bool became_the_model) {
  state.last_validation = state.update;
  const bool is_gain = !state.has_best || score > state.best_score;
  const bool is_kept = became_the_model || (state.model && state.model->averaged > 0);
  if (is_gain && is_kept) {
    state.has_best = true, state.best_score = score, state.best_update = state.update;
    state.validations_without_gain = 0;
  } else {
    ++state.validations_without_gain;
  }
}

Validations::Validations(Training& training, const Validator* validator, RunSaver& saver)
    : training_(training), validator_(validator), saver_(saver), threads_(at::get_num_threads()) {}

bool Validations::are_on() const {
  return validator_ && training_.options.valid_every > 0;
}

bool Validations::is_due() const {
  const TrainingState& state = training_.state;
  if (!are_on()) return false;
  if (state.update == 0) return !state.from_model.empty() && !state.has_best;
  return state.update % training_.options.valid_every == 0 && state.last_validation != state.update;
}

ValidationResult Validations::measure() {
  const OperatorThreads all(threads_);
  const Heartbeat beat(training_.log, "validating");
  return validator_->run(training_.folder, training_.state.update);
}

void Validations::log(const ValidationResult& result) {
  training_.train_log.validation(result, training_.options.valid_metric,
                                 training_.state.validations_without_gain);
}

void Validations::run() {
  // A folder with a model always has a checkpoint: without one, a run would have to start again over it.
  if (!saver_.has_checkpoint()) saver_.try_to_write("a checkpoint", [&] { saver_.save(); });
  ValidationResult result;
  {
    const AverageInPlace average(training_.moving_average(), training_.folder.model);
    result = measure();
    const double score = validation_score(result, training_.options.valid_metric);
    result.is_best = keep_if_better(score);
    count_validation(training_.state, score, result.is_best);
    if (training_.options.average > 0 && training_.state.update > 0)
      saver_.try_to_write("the weights of this validation", [&] { keep_snapshot(score); });
  }
  if (saver_.has_saved_update())
    saver_.try_to_write("the state of this validation", [&] { saver_.save_state(); });
  log(result);
}

void Validations::run_on_request() {
  if (!validator_) return training_.log.info("no validation: there is no validation text");
  if (training_.state.last_validation == training_.state.update)
    return training_.log.info("validated already at this update");
  ValidationResult result;
  {
    const AverageInPlace average(training_.moving_average(), training_.folder.model);
    result = measure();
  }
  result.was_asked_for = true;
  log(result);
}

bool Validations::keep_if_better(double score) {
  return training_.is_better_than_model(score) && saver_.has_checkpoint() &&
         saver_.try_to_write("the best model", [&] { training_.write_model(0, score); });
}

// The weights in the model: the present ones, or their moving average when there is one.
void Validations::keep_snapshot(double score) {
  TrainingState& state = training_.state;
  const TrainingOptions& options = training_.options;
  write_snapshot(training_.folder.path, training_.folder.model, state.update);
  state.snapshots = with_snapshot(state.snapshots, {state.update, score}, options.average,
                                  options.average_of == AverageOf::kBest);
}

void Validations::try_average() {
  const std::vector<std::string> paths = snapshot_paths(training_.folder.path, training_.state.snapshots);
  const WeightsGuard trained(training_.folder.model);
  load_average(training_.folder.model, paths);
  ValidationResult result = measure();
  const double score = validation_score(result, training_.options.valid_metric);
  result.is_best = training_.is_better_than_model(score);
  result.averaged = std::ssize(paths);
  if (result.is_best) training_.write_model(result.averaged, score);
  log(result);
}

}  // namespace dragoman
