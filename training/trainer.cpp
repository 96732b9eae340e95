#include "training/trainer.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "core/files.h"
#include "core/heartbeat.h"
#include "core/interrupt.h"
#include "core/random.h"
#include "folder/manifest.h"
#include "folder/safetensors.h"
#include "folder/weight_file.h"
#include "model/weights.h"
#include "planning/schedule.h"

namespace dragoman {
namespace {

constexpr double kFirstLossScale = 32768;  // float16
constexpr int64_t kScaleGrowthInterval = 2000;
constexpr int kMostStreamThreads = 8;
// Seconds between progress lines at most: of the log, and on a terminal, where the line is rewritten in
// place.
constexpr double kLogSeconds = 60, kTerminalSeconds = 1;
constexpr double kFirstSignSeconds = 5;  // in a file
constexpr HeartbeatTimes kUpdateTimes{10, 10, 60};

std::string reason_text(StopReason reason, const TrainingOptions& options) {
  switch (reason) {
    case StopReason::kUpdates:
      return "reached --max-updates " + std::to_string(options.max_updates);
    case StopReason::kEpochs:
      return "reached --max-epochs " + std::to_string(options.max_epochs);
    case StopReason::kTime:
      return "reached --max-time " + clock_text(options.max_time);
    case StopReason::kNoGain:
      return "no better validation in " + std::to_string(options.early_stopping) +
             " (--early-stopping; --max-updates +N goes on)";
    case StopReason::kSignal:
      return "stopped by a signal, state saved";
  }
  return "";
}

double score_of(const ValidationResult& result, ValidMetric metric) {
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

}  // namespace

std::string fingerprint(const EncodedCorpus& corpus) {
  Checksum checksum;
  for (int64_t i = 0; i < corpus.size(); ++i) {
    throw_if_interrupted();
    for (const auto side : {corpus.source(i), corpus.target(i)}) checksum.add(side.data(), side.size_bytes());
  }
  return checksum.text();
}

Trainer::Trainer(LoadedModelFolder folder, const EncodedCorpus& corpus, const Validator* validator,
                 const TrainingOptions& options, Log& log, RunRequests& requests)
    : folder_(std::move(folder)),
      corpus_(corpus),
      validator_(validator),
      options_(options),
      log_(log),
      train_log_(folder_.path, log),
      requests_(requests),
      scales_loss_(options.precision == Precision::kFloat16 &&
                   !multiplies_by_kernels(options, folder_.model->device())),
      threads_(at::get_num_threads()),
      workers_(worker_count(threads_, folder_.model->device())),
      optimiser_(folder_.model, AdamOptions{options.adam_beta1, options.adam_beta2, options.adam_epsilon}) {
  state_.corpus = fingerprint(corpus);
  if (validator_) state_.valid_text = validator_->fingerprint();
  if (scales_loss_) state_.loss_scale = kFirstLossScale;
  if (options_.augmentation.any()) {
    const TokenizerPair& tokenizers = folder_.tokenizers;
    augmentation_.emplace(options_.augmentation, tokenizers.source, tokenizers.target,
                          static_cast<uint64_t>(options_.seed), options_.max_tokens);
  }
  if (options_.moving_average > 0) average_.emplace(folder_.model, options_.moving_average);
  // The way back takes twice as long as the way there, which blocks look at by themselves.
  for (const auto& parameter : optimiser_.parameters())
    parameter.register_hook([](const torch::Tensor&) { throw_if_interrupted(); });
}

void Trainer::begin_with(std::string checksum) {
  state_.from_model = std::move(checksum);
  begins_with_model_ = true;
}

void Trainer::resume(const std::string& checkpoint) {
  const std::string corpus = state_.corpus, valid_text = state_.valid_text;
  state_ = load_checkpoint(checkpoint, folder_.model, optimiser_, average_ ? &*average_ : nullptr);
  if (state_.corpus != corpus) {
    throw DataError(
        checkpoint,
        "expected the training text that this run began with, got another (its encoded pairs have checksum " +
            corpus + ", not " + state_.corpus +
            "); what is held out for validation is no part of it, so --valid-source or --valid-pairs must be "
            "given now if they were given then");
  }
  saved_update_ = state_.update;
  if (!state_.finished) state_.finished = file_exists(join_path(folder_.path, kWeightsName));
  begins_with_model_ = !state_.from_model.empty();
  forget_lost_snapshots();
  restore_lost_model();
  if (validator_ && state_.valid_text != valid_text) {
    if (!state_.valid_text.empty()) {
      log_.info(
          "the validation text has changed since the run began: the best score and the patience begin anew");
      state_.has_best = false, state_.best_score = 0, state_.best_update = 0;
      state_.validations_without_gain = 0;
      if (options_.average_of == AverageOf::kBest) state_.snapshots.clear();
      if (state_.model) state_.model->score.reset();
    }
    state_.valid_text = valid_text;
  }
}

// The weights of a validation that are gone or damaged are left out of the mean at the end.
void Trainer::forget_lost_snapshots() {
  auto& kept = state_.snapshots;
  const auto is_lost = [&](const Snapshot& snapshot) {
    try {
      check_weights(folder_.model->options(), SafetensorsFile(snapshot_path(folder_.path, snapshot.update)));
      return false;
    } catch (const ModelError& error) {
      log_.warning(std::string(error.what()) + ": left out of the mean of --average");
      return true;
    }
  };
  kept.erase(std::remove_if(kept.begin(), kept.end(), is_lost), kept.end());
}

// Writes the model again when its file is gone or damaged: from the weights in training, or from a snapshot
// of
// --average. When neither has them, the next validation or the end of the run writes another model.
void Trainer::restore_lost_model() {
  try {
    const std::string path = join_path(folder_.path, kWeightsName);
    check_weights(folder_.model->options(), SafetensorsFile(path));
    // Another file than that of the checkpoint is fine when the manifest lists it: it was written after that
    // checkpoint, or somebody put it there and resealed the folder. The other files were checked on opening.
    if (!state_.model || checksum_of_file(path) != state_.model->checksum)
      check_manifest(folder_.path, [](const std::string& name) { return name == kWeightsName; });
    return;
  } catch (const ModelError& error) {
    if (!state_.model && !state_.finished.value_or(false)) return;  // none was written yet
    log_.warning(error.what());
  }
  const auto lost = std::exchange(state_.model, std::nullopt);
  state_.finished = false;
  if (!lost || lost->averaged > 0)
    return log_.warning("the model is lost: another one is written at the end of the run");
  const bool is_trained_on = lost->update == state_.update;
  const bool is_kept = std::any_of(state_.snapshots.begin(), state_.snapshots.end(),
                                   [&](const Snapshot& snapshot) { return snapshot.update == lost->update; });
  if (!is_trained_on && !is_kept)
    return log_.warning(
        "the model of update " + std::to_string(lost->update) +
        " is lost: another one is written after the next validation, or at the end of the run");
  const AverageInPlace average(average_ ? &*average_ : nullptr, folder_.model);
  MovingAverage trained(folder_.model, 0);  // keeps what is trained on
  if (!is_trained_on) load_average(folder_.model, {snapshot_path(folder_.path, lost->update)});
  write_model(0, lost->score);
  state_.model->update = lost->update;
  trained.exchange(folder_.model);
  log_.info("the model of update " + std::to_string(lost->update) + " is restored");
}

double Trainer::now() const {
  return seconds_before_ + clock_.seconds() - started_;
}

std::optional<StopReason> Trainer::finished() const {
  if (state_.update >= options_.max_updates) return StopReason::kUpdates;
  if (options_.max_epochs > 0 && state_.position.epoch >= options_.max_epochs) return StopReason::kEpochs;
  if (options_.max_time > 0 && now() >= options_.max_time && state_.update - start_update_ >= least_updates_)
    return StopReason::kTime;
  if (options_.early_stopping > 0 && state_.validations_without_gain >= options_.early_stopping)
    return StopReason::kNoGain;
  if (interrupt_signal() != 0) return StopReason::kSignal;
  return std::nullopt;
}

// What was done at the end of an earlier call holds as long as nothing asks for more.
bool Trainer::says_that_all_is_done() const {
  const auto reason = finished();
  if (!reason || *reason == StopReason::kSignal || state_.update == 0) return false;
  const std::string of =
      *reason == StopReason::kUpdates ? std::to_string(options_.max_updates) : std::to_string(state_.update);
  const bool done = state_.finished.value_or(false);
  log_.info("already at update " + std::to_string(state_.update) + " of " + of + ": " +
            reason_text(*reason, options_) +
            (done ? "" : "; what comes at the end of a run was not done, and is done now"));
  return done;
}

void Trainer::begin() {
  if (options_.max_updates_is_relative) {
    options_.max_updates += state_.update;
    state_.validations_without_gain = 0;
  }
  seconds_before_ = state_.seconds;
  started_ = window_.since = clock_.seconds();
  start_update_ = state_.update;
}

StopReason Trainer::run() {
  begin();
  if (says_that_all_is_done()) return *finished();
  auto reason = StopReason::kSignal;
  try {
    reason = train();
    if (reason != StopReason::kSignal) complete();
  } catch (const Interrupted&) {
    reason = StopReason::kSignal;
  }
  at::set_num_threads(threads_);
  stream_.reset();
  if (reason == StopReason::kSignal) save_for_later();
  report_end(reason);
  return reason;
}

void Trainer::begin_stream() {
  const ModelOptions& model = folder_.model->options();
  const PadIds pad{model.source_pad_id(), model.target_pad_id()};
  const bool on_cuda = folder_.model->device().is_cuda();
  // A device takes batches faster than one thread segments text anew; on the CPU its cores are busy anyway.
  const int stream_threads = on_cuda ? std::clamp(threads_ - 1, 1, kMostStreamThreads) : 1;
  stream_ = std::make_unique<BatchStream>(
      corpus_,
      StreamOptions{options_.max_tokens, static_cast<uint64_t>(options_.seed), pad,
                    augmentation_ ? &*augmentation_ : nullptr, on_cuda, stream_threads},
      state_.position);
  report_batches();
  check_schedule(0);
}

// Saves before it validates: a validation may take long, and a stop in it must cost nothing. The next call
// then begins with the validation.
StopReason Trainer::train() {
  reported_at_ = shown_at_ = clock_.seconds();
  Heartbeat beat(log_, "computing the first update", kUpdateTimes);
  folder_.model->train();
  folder_.model->set_recompute(options_.recompute);
  // The workers take the threads; what is left of them goes to the operators.
  const int operator_threads = std::max(1, threads_ / workers_.count());
  at::set_num_threads(operator_threads);
  for (;;) {
    const double before = clock_.seconds();
    if (validation_is_due()) validate();
    answer_requests();
    window_.paused += clock_.seconds() - before;
    if (const auto reason = finished()) return *reason;
    if (!stream_) begin_stream();
    update();
    beat.set("computing update " + with_commas(state_.update + 1), true);
    if (state_.update % options_.log_every == 0)
      report_progress();
    else
      report_by_time();
    const double saved_from = clock_.seconds();
    if (options_.save_every > 0 && state_.update % options_.save_every == 0)
      try_to_write("a checkpoint", [&] { save(); });
    window_.paused += clock_.seconds() - saved_from;
  }
}

void Trainer::report_batches() {
  const EpochPlan plan(corpus_, options_.max_tokens, static_cast<uint64_t>(options_.seed),
                       state_.position.epoch);
  const BatchPlan window = plan.window(0);
  double pairs = 0;
  for (const BatchIndices& batch : window) pairs += static_cast<double>(batch.size());
  batches_per_pass_ = static_cast<double>(window.size()) * static_cast<double>(corpus_.size()) / pairs;
  updates_per_pass_ = updates_per_pass(options_, std::llround(batches_per_pass_), corpus_.target_tokens());
  char share[32];
  std::snprintf(share, sizeof share, "%.1f", 100 * padding_share(window, corpus_));
  log_.info("batches: " + with_commas(static_cast<int64_t>(window.size())) +
            (plan.windows() > 1
                 ? " in the first of " + std::to_string(plan.windows()) + " windows of an epoch"
                 : " per epoch") +
            ", " + share + " % of their positions are padding");
}

void Trainer::update() {
  const int64_t number = state_.update + 1;
  std::vector<Batch> batches;
  int64_t tokens = 0;
  DataPosition after = state_.position;  // the state's, once the update is whole: it may be interrupted
  for (int64_t i = 0; i < options_.accumulate || tokens < options_.update_tokens; ++i) {
    BatchStream::Item item = stream_->next();
    for (Batch& part : item.parts) {
      tokens += part.label_tokens;
      batches.push_back(std::move(part));
    }
    after = item.after;
    if (item.ends_epoch) break;  // an update never spans two passes
  }
  // Dropout depends on the seed and the number of the update alone: a resumed run draws the same.
  const uint64_t seed = mix_seeds(static_cast<uint64_t>(options_.seed), static_cast<uint64_t>(number));
  torch::manual_seed(seed);  // CUDA's dropout
  const double rate = learning_rate_at(number, options_, folder_.model->options().d_model);
  // On CUDA the numbers are fetched when they are shown; float16 needs them to choose the next loss scale.
  const bool wait = folder_.model->device().is_cpu() || scales_loss_;
  unread_.push_back(train_update(folder_.model, optimiser_, batches, options_,
                                 {rate, state_.loss_scale, seed, wait}, workers_));
  state_.update = number;
  state_.position = after;
  state_.finished = false;
  state_.target_tokens += unread_.back().label_tokens;
  state_.seconds = now();
  if (average_) average_->add(folder_.model, number);
  if (wait || static_cast<int64_t>(unread_.size()) >= options_.log_every) read_updates();
}

void Trainer::read_updates() {
  const int64_t first = state_.update - static_cast<int64_t>(unread_.size()) + 1;
  for (size_t i = 0; i < unread_.size(); ++i) {
    unread_[i].read();
    account_for(unread_[i], first + static_cast<int64_t>(i));
  }
  unread_.clear();
}

void Trainer::account_for(const UpdateResult& result, int64_t number) {
  if (scales_loss_) {
    ++state_.scale_age;
    if (result.skipped)
      state_.loss_scale = std::max(1.0, state_.loss_scale / 2), state_.scale_age = 0;
    else if (state_.scale_age >= kScaleGrowthInterval)
      state_.loss_scale *= 2, state_.scale_age = 0;
  }
  skipped_in_a_row_ = result.skipped ? skipped_in_a_row_ + 1 : 0;
  if (result.skipped) {
    log_.warning("update " + std::to_string(number) + " skipped: loss or gradient is not finite");
    if (skipped_in_a_row_ >= options_.max_bad_updates) stop_for_bad_updates();
    return;
  }
  window_.loss += result.loss * static_cast<double>(result.label_tokens);
  window_.cross_entropy += result.cross_entropy * static_cast<double>(result.label_tokens);
  window_.gradient_norm += result.gradient_norm;
  window_.tokens += result.label_tokens;
  ++window_.updates;
}

void Trainer::stop_for_bad_updates() const {
  const auto checkpoint = newest_checkpoint(folder_.path, log_);
  throw std::runtime_error(
      "[training] " + std::to_string(skipped_in_a_row_) +
      " updates in a row had no finite loss (--max-bad-updates); the last good checkpoint is " +
      checkpoint.value_or("none") +
      "; lower --learning-rate, raise --warmup or use --precision float32, in a new folder");
}

RunPosition Trainer::position() const {
  const double passes = static_cast<double>(state_.position.epoch) +
                        static_cast<double>(state_.position.batch) / batches_per_pass_;
  return {state_.update, passes, now()};
}

double Trainer::seconds_per_update() const {
  const int64_t done = state_.update - start_update_;
  return done > 0 ? (now() - seconds_before_) / static_cast<double>(done) : 0;
}

double Trainer::seconds_left() const {
  const RunEnd end = expected_end(options_, updates_per_pass_, seconds_per_update(), position());
  return std::max(0.0, end.seconds - now());
}

// Warns of a learning rate that does not fit the length of the run. Before the first updates (0 seconds each)
// it is not known how many --max-time allows.
void Trainer::check_schedule(double seconds_per_update) {
  const RunEnd end = expected_end(options_, updates_per_pass_, seconds_per_update, position());
  if (seconds_per_update > 0 && end.by.rfind("--max-time", 0) != 0) return;  // was checked at the start
  for (const auto& text : schedule_warnings(options_, end)) log_.warning(text);
}

TrainProgress Trainer::progress_now() {
  read_updates();
  const auto tokens = static_cast<double>(std::max<int64_t>(1, window_.tokens));
  TrainProgress progress;
  progress.epoch = state_.position.epoch + (state_.position.batch > 0 ? 1 : 0);
  progress.update = state_.update;
  progress.loss = window_.loss / tokens;
  progress.cross_entropy = window_.cross_entropy / tokens;
  progress.learning_rate = learning_rate_at(state_.update, options_, folder_.model->options().d_model);
  progress.gradient_norm = window_.gradient_norm / static_cast<double>(std::max<int64_t>(1, window_.updates));
  progress.tokens_per_second =
      static_cast<double>(window_.tokens) / std::max(1e-9, clock_.seconds() - window_.since - window_.paused);
  progress.target_tokens = window_.tokens;
  progress.seconds = now();
  progress.seconds_left = seconds_left();
  return progress;
}

void Trainer::report_progress() {
  train_log_.progress(progress_now());
  has_shown_ = true;
  window_ = {};
  window_.since = reported_at_ = shown_at_ = clock_.seconds();
}

void Trainer::report_by_time() {
  constexpr int64_t kFewUpdates = 3;
  constexpr double kShare = 0.05;  // of --max-time
  const double time = clock_.seconds();
  if (!time_checked_ && options_.max_time > 0 && state_.update - start_update_ >= kFewUpdates &&
      now() - seconds_before_ >= kShare * options_.max_time) {
    time_checked_ = true;
    check_schedule(seconds_per_update());
  }
  const double due = log_.on_terminal() ? kTerminalSeconds : has_shown_ ? kLogSeconds : kFirstSignSeconds;
  if (time - reported_at_ >= kLogSeconds) {
    report_progress();
  } else if (time - shown_at_ >= due) {
    train_log_.show(progress_now());
    shown_at_ = clock_.seconds();
    has_shown_ = true;
  }
}

bool Trainer::validates() const {
  return validator_ && options_.valid_every > 0;
}

bool Trainer::validation_is_due() const {
  if (!validates()) return false;
  if (state_.update == 0) return begins_with_model_ && !state_.has_best;
  return state_.update % options_.valid_every == 0 && state_.last_validation != state_.update;
}

ValidationResult Trainer::validation_now() {
  const int operator_threads = at::get_num_threads();
  at::set_num_threads(threads_);
  const Heartbeat beat(log_, "validating");
  ValidationResult result = validator_->run(folder_, state_.update);
  at::set_num_threads(operator_threads);
  return result;
}

void Trainer::validate() {
  // A folder with a model always has a checkpoint: without one, a run would have to begin anew over it.
  if (saved_update_ < 0) try_to_write("a checkpoint", [&] { save(); });
  ValidationResult result;
  {
    const AverageInPlace average(average_ ? &*average_ : nullptr, folder_.model);
    result = validation_now();
    const double score = score_of(result, options_.valid_metric);
    result.is_best = keep_if_better(score);
    count(score, result.is_best);
    if (options_.average > 0 && state_.update > 0)
      try_to_write("the weights of this validation", [&] { keep_snapshot(score); });
  }
  if (saved_update_ == state_.update) try_to_write("the state of this validation", [&] { save_state(); });
  train_log_.validation(result, options_.valid_metric, state_.validations_without_gain);
}

// A look from outside: what is trained, kept and counted stays as if nobody had looked.
void Trainer::validate_on_request() {
  ValidationResult result;
  {
    const AverageInPlace average(average_ ? &*average_ : nullptr, folder_.model);
    result = validation_now();
  }
  result.was_asked_for = true;
  train_log_.validation(result, options_.valid_metric, state_.validations_without_gain);
}

// The weights of a validation become the model when they score better than what the model is.
bool Trainer::keep_if_better(double score) {
  const bool is_better = !state_.model || !state_.model->score || score > *state_.model->score;
  return is_better && saved_update_ >= 0 && try_to_write("the best model", [&] { write_model(0, score); });
}

// The patience is about the validations alone: the model may be a mean of earlier ones, which is better
// still.
void Trainer::count(double score, bool became_the_model) {
  state_.last_validation = state_.update;
  const bool is_gain = !state_.has_best || score > state_.best_score;
  const bool is_kept = became_the_model || (state_.model && state_.model->averaged > 0);
  if (is_gain && is_kept) {
    state_.has_best = true, state_.best_score = score, state_.best_update = state_.update;
    state_.validations_without_gain = 0;
  } else {
    ++state_.validations_without_gain;
  }
}

// The model's weights as they are, or their moving average when there is one. Files that fall out of the list
// stay until the next checkpoint is whole: the one before still names them.
void Trainer::keep_snapshot(double score) {
  auto& kept = state_.snapshots;
  const auto worse = [&](const Snapshot& a, const Snapshot& b) {
    return options_.average_of == AverageOf::kBest && a.score != b.score ? a.score < b.score
                                                                         : a.update < b.update;
  };
  make_folder(snapshots_folder(folder_.path));
  save_weights(folder_.model, snapshot_path(folder_.path, state_.update));
  sync_folder(snapshots_folder(folder_.path));
  kept.push_back({state_.update, score});
  if (static_cast<int64_t>(kept.size()) > options_.average)
    kept.erase(std::min_element(kept.begin(), kept.end(), worse));
}

// The mean of the snapshots becomes the model when it scores better than what the model is.
void Trainer::try_average() {
  std::vector<std::string> paths;
  for (const Snapshot& snapshot : state_.snapshots)
    paths.push_back(snapshot_path(folder_.path, snapshot.update));
  MovingAverage trained(folder_.model, 0);  // keeps what is trained on
  load_average(folder_.model, paths);
  ValidationResult result = validation_now();
  const double score = score_of(result, options_.valid_metric);
  result.is_best = !state_.model || !state_.model->score || score > *state_.model->score;
  result.averaged = static_cast<int64_t>(paths.size());
  if (result.is_best) write_model(result.averaged, score);
  train_log_.validation(result, options_.valid_metric, state_.validations_without_gain);
  trained.exchange(folder_.model);
}

void Trainer::answer_requests() {
  if (requests_.save.exchange(false)) {
    if (try_to_write("a checkpoint", [&] { save(); })) train_log_.saved(state_.update, now());
  }
  if (requests_.validate.exchange(false)) {
    if (validator_ && state_.last_validation != state_.update)
      validate_on_request();
    else
      log_.info(validator_ ? "validated already at this update"
                           : "no validation: there is no validation text");
  }
}

// A full disk or a folder that became read-only does not end a run: what is there stays, and the next save
// may succeed. At the end of a run it is an error.
bool Trainer::try_to_write(const std::string& what, const std::function<void()>& write) {
  try {
    write();
    return true;
  } catch (const DataError& error) {
    if (is_ending_) throw;
    log_.warning(what + " was not saved; training goes on, and what was saved before stays: " + error.what());
    return false;
  }
}

void Trainer::write_model(int64_t averaged, std::optional<double> score) {
  write_model_weights(folder_.path, folder_.model);
  state_.model = {state_.update, averaged, score, checksum_of_file(join_path(folder_.path, kWeightsName))};
}

void Trainer::write_weights() {
  const AverageInPlace average(average_ ? &*average_ : nullptr, folder_.model);
  write_model(0, std::nullopt);
}

void Trainer::save() {
  read_updates();
  state_.seconds = now();
  state_.steps = optimiser_.steps();
  save_checkpoint(folder_.path, state_, folder_.model, optimiser_, average_ ? &*average_ : nullptr,
                  options_.keep_checkpoints);
  saved_update_ = state_.update;
  remove_old_snapshots();
}

void Trainer::save_state() {
  if (saved_update_ != state_.update) return save();
  state_.seconds = now();
  save_state_again(folder_.path, state_);
  remove_old_snapshots();
}

void Trainer::remove_old_snapshots() const {
  for (const auto& name : list_folder(snapshots_folder(folder_.path))) {
    const bool listed = std::any_of(state_.snapshots.begin(), state_.snapshots.end(), [&](const Snapshot& s) {
      return snapshot_path(folder_.path, s.update) == join_path(snapshots_folder(folder_.path), name);
    });
    if (!listed) remove_all(join_path(snapshots_folder(folder_.path), name));
  }
}

// What comes at the end of a run. A stop in it loses nothing: the next call does again what is not done.
void Trainer::complete() {
  is_ending_ = true;
  read_updates();
  if (window_.updates > 0) report_progress();
  if (saved_update_ != state_.update) save();
  if (validates()) {
    if (state_.last_validation != state_.update) validate();
    if (state_.snapshots.size() > 1) try_average();
  }
  if (!validates() || !state_.model) write_weights();
  state_.finished = true;
  save_state();
}

// After a signal: what the last whole update has left, first of all.
void Trainer::save_for_later() {
  is_ending_ = true;
  read_updates();
  save_state();
  if (window_.updates > 0) report_progress();
  if (state_.update == 0 || (validates() && state_.model)) return;
  write_weights();  // stopped before the first validation: still a model
  save_state();
}

void Trainer::report_end(StopReason reason) {
  const double seconds = now();
  std::string text = reason_text(reason, options_) + ": update " + std::to_string(state_.update) + ", " +
                     clock_text(seconds) + " of training";
  if (validates() && state_.model && state_.model->averaged > 0)
    text += "; the model is the mean of " + std::to_string(state_.model->averaged) + " validations";
  else if (validates() && state_.model)
    text += "; the model is that of update " + std::to_string(state_.model->update);
  train_log_.stopped(state_.update, seconds, text);
}

}  // namespace dragoman
