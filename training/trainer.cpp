#include "training/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "core/files.h"
#include "core/manifest.h"
#include "core/random.h"
#include "model/weights.h"
#include "training/schedule.h"

namespace dragoman {
namespace {

constexpr double kFirstLossScale = 32768;  // float16
constexpr int64_t kScaleGrowthInterval = 2000;
constexpr int kMostStreamThreads = 8;

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string reason_text(StopReason reason, const TrainingOptions& options) {
  switch (reason) {
    case StopReason::kUpdates:
      return "reached --max-updates " + std::to_string(options.max_updates);
    case StopReason::kEpochs:
      return "reached --max-epochs " + std::to_string(options.max_epochs);
    case StopReason::kTime:
      return "reached --max-time " + clock_text(options.max_time);
    case StopReason::kNoGain:
      return "no better validation in " + std::to_string(options.early_stopping) + " (--early-stopping)";
    case StopReason::kSignal:
      return "stopped by a signal, state saved";
  }
  return "";
}

double score_of(const ValidationResult& result, const std::string& metric) {
  if (metric == "bleu") return result.bleu;
  if (metric == "loss") return -result.loss;
  return result.chrf;
}

}  // namespace

std::string snapshots_folder(const std::string& folder) {
  return join_path(folder, "snapshots");
}

std::string snapshot_path(const std::string& folder, int64_t update) {
  return join_path(snapshots_folder(folder), "update-" + std::to_string(update) + ".safetensors");
}

std::string fingerprint(const EncodedCorpus& corpus) {
  Checksum checksum;
  for (int64_t i = 0; i < corpus.size(); ++i) {
    for (const auto side : {corpus.source(i), corpus.target(i)}) checksum.add(side.data(), side.size_bytes());
  }
  return checksum.text();
}

Trainer::Trainer(ModelFolder folder, const EncodedCorpus& corpus, const Validator* validator,
                 const TrainingOptions& options, Log& log, RunRequests& requests)
    : folder_(std::move(folder)),
      corpus_(corpus),
      validator_(validator),
      options_(options),
      log_(log),
      train_log_(folder_.path, log),
      requests_(requests),
      scales_loss_(options.precision == "float16" &&
                   !multiplies_by_kernels(options, folder_.model->device())),
      threads_(at::get_num_threads()),
      workers_(worker_count(threads_, folder_.model->device())),
      optimiser_(folder_.model, AdamOptions{options.adam_beta1, options.adam_beta2, options.adam_epsilon}) {
  state_.corpus = fingerprint(corpus);
  if (scales_loss_) state_.loss_scale = kFirstLossScale;
  if (options_.augmentation.any()) {
    const TokenizerPair& tokenizers = folder_.tokenizers;
    augmentation_.emplace(options_.augmentation, tokenizers.source, tokenizers.target,
                          static_cast<uint64_t>(options_.seed));
  }
  if (options_.moving_average > 0) average_.emplace(folder_.model, options_.moving_average);
}

void Trainer::resume(const std::string& checkpoint) {
  const std::string corpus = state_.corpus;
  state_ = load_checkpoint(checkpoint, folder_.model, optimiser_, average_ ? &*average_ : nullptr);
  if (state_.corpus != corpus) {
    throw DataError(
        checkpoint,
        "required the training text that this run began with, got another (its encoded pairs have checksum " +
            corpus + ", not " + state_.corpus + ")");
  }
  saved_update_ = state_.update;
}

double Trainer::now() const {
  return seconds_before_ + steady_seconds() - started_;
}

std::optional<StopReason> Trainer::finished() const {
  if (state_.update >= options_.max_updates) return StopReason::kUpdates;
  if (options_.max_epochs > 0 && state_.position.epoch >= options_.max_epochs) return StopReason::kEpochs;
  if (options_.max_time > 0 && now() >= options_.max_time) return StopReason::kTime;
  if (options_.early_stopping > 0 && state_.validations_without_gain >= options_.early_stopping)
    return StopReason::kNoGain;
  if (requests_.stop.load() != 0) return StopReason::kSignal;
  return std::nullopt;
}

StopReason Trainer::run() {
  if (options_.max_updates_is_relative) options_.max_updates += state_.update;
  seconds_before_ = state_.seconds;
  started_ = window_.since = steady_seconds();
  start_update_ = state_.update;
  if (const auto reason = finished(); reason && state_.update > 0 && *reason != StopReason::kSignal) {
    const std::string of = *reason == StopReason::kUpdates ? std::to_string(options_.max_updates)
                                                           : std::to_string(state_.update);
    log_.info("already at update " + std::to_string(state_.update) + " of " + of + ": " +
              reason_text(*reason, options_));
    return *reason;
  }
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
  folder_.model->train();
  folder_.model->set_recompute(options_.recompute);
  // The workers take the threads; what is left of them goes to the operators.
  const int operator_threads = std::max(1, threads_ / workers_.count());
  at::set_num_threads(operator_threads);
  std::optional<StopReason> reason;
  while (!(reason = finished())) {
    update();
    if (state_.update % options_.log_every == 0) report_progress();
    const double before = steady_seconds();
    if (validator_ && options_.valid_every > 0 && state_.update % options_.valid_every == 0) validate();
    if (options_.save_every > 0 && state_.update % options_.save_every == 0)
      try_to_write("a checkpoint", [&] { save(); });
    answer_requests();
    window_.paused += steady_seconds() - before;
  }
  finish(*reason);
  at::set_num_threads(threads_);
  return *reason;
}

void Trainer::report_batches() const {
  const EpochPlan plan(corpus_, options_.max_tokens, static_cast<uint64_t>(options_.seed),
                       state_.position.epoch);
  const BatchPlan window = plan.window(0);
  char share[32];
  std::snprintf(share, sizeof share, "%.1f", 100 * padding_share(window, corpus_));
  log_.info("batches: " + with_commas(static_cast<int64_t>(window.size())) +
            (plan.windows() > 1 ? " in the first of " + std::to_string(plan.windows()) + " windows of a pass"
                                : " a pass") +
            ", " + share + " % of their positions are padding");
}

void Trainer::update() {
  const int64_t number = state_.update + 1;
  std::vector<Batch> batches;
  int64_t tokens = 0;
  for (int64_t i = 0; i < options_.accumulate || tokens < options_.update_tokens; ++i) {
    BatchStream::Item item = stream_->next();
    tokens += item.batch.label_tokens;
    batches.push_back(std::move(item.batch));
    state_.position = item.after;
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

double Trainer::seconds_left() const {
  const double here = now() - seconds_before_;
  const auto done = static_cast<double>(state_.update - start_update_);
  double left = static_cast<double>(options_.max_updates - state_.update) * here / std::max(1.0, done);
  if (options_.max_time > 0) left = std::min(left, options_.max_time - now());
  return left;
}

void Trainer::report_progress() {
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
      static_cast<double>(window_.tokens) / std::max(1e-9, steady_seconds() - window_.since - window_.paused);
  progress.target_tokens = window_.tokens;
  progress.seconds = now();
  progress.seconds_left = seconds_left();
  train_log_.progress(progress);
  window_ = {};
  window_.since = steady_seconds();
}

void Trainer::validate() {
  const int operator_threads = at::get_num_threads();
  at::set_num_threads(threads_);
  if (average_) average_->exchange(folder_.model);
  ValidationResult result = validator_->run(folder_, state_.update);
  at::set_num_threads(operator_threads);
  state_.last_validation = state_.update;
  const double score = score_of(result, options_.valid_metric);
  result.is_best = !state_.has_best || score > state_.best_score;
  if (result.is_best)
    result.is_best =
        try_to_write("the best model", [&] { write_model_weights(folder_.path, folder_.model); });
  if (result.is_best) {
    state_.has_best = true, state_.best_score = score, state_.best_update = state_.update;
    state_.validations_without_gain = 0;
  } else {
    ++state_.validations_without_gain;
  }
  if (options_.average > 0) try_to_write("the weights of this validation", [&] { keep_snapshot(score); });
  if (average_) average_->exchange(folder_.model);
  train_log_.validation(result, options_.valid_metric, state_.validations_without_gain);
}

// The model's weights as they are, or their moving average when there is one. Files that fall out of the list
// stay until the next checkpoint is whole: the one before still names them.
void Trainer::keep_snapshot(double score) {
  auto& kept = state_.snapshots;
  const auto worse = [&](const Snapshot& a, const Snapshot& b) {
    return options_.average_of == "best" && a.score != b.score ? a.score < b.score : a.update < b.update;
  };
  make_folder(snapshots_folder(folder_.path));
  save_weights(folder_.model, snapshot_path(folder_.path, state_.update));
  kept.push_back({state_.update, score});
  if (static_cast<int64_t>(kept.size()) > options_.average)
    kept.erase(std::min_element(kept.begin(), kept.end(), worse));
}

// The mean of the snapshots becomes the model when it scores better than the best validation; true if it did.
bool Trainer::try_average() {
  std::vector<std::string> paths;
  for (const Snapshot& snapshot : state_.snapshots)
    paths.push_back(snapshot_path(folder_.path, snapshot.update));
  MovingAverage weights(folder_.model, 0);  // keeps what is trained on
  load_average(folder_.model, paths);
  at::set_num_threads(threads_);
  ValidationResult result = validator_->run(folder_, state_.update);
  const double score = score_of(result, options_.valid_metric);
  result.is_best = score > state_.best_score;
  result.averaged = static_cast<int64_t>(paths.size());
  if (result.is_best) write_model_weights(folder_.path, folder_.model);
  train_log_.validation(result, options_.valid_metric, state_.validations_without_gain);
  weights.exchange(folder_.model);
  return result.is_best;
}

void Trainer::answer_requests() {
  if (requests_.save.exchange(false)) {
    if (try_to_write("a checkpoint", [&] { save(); }))
      train_log_.event("saved", state_.update, "saved on request: update " + std::to_string(state_.update));
  }
  if (requests_.validate.exchange(false)) {
    if (validator_ && state_.last_validation != state_.update)
      validate();
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
    log_.warning(what + " was not saved; training goes on, and what was saved before stays: " + error.what());
    return false;
  }
}

void Trainer::write_weights() {
  if (average_) average_->exchange(folder_.model);
  write_model_weights(folder_.path, folder_.model);
  if (average_) average_->exchange(folder_.model);
}

void Trainer::save() {
  read_updates();
  state_.seconds = now();
  state_.steps = optimiser_.steps();
  save_checkpoint(folder_.path, state_, folder_.model, optimiser_, average_ ? &*average_ : nullptr,
                  options_.keep_checkpoints);
  saved_update_ = state_.update;
  for (const auto& name : list_folder(snapshots_folder(folder_.path))) {
    const bool listed = std::any_of(state_.snapshots.begin(), state_.snapshots.end(), [&](const Snapshot& s) {
      return snapshot_path(folder_.path, s.update) == join_path(snapshots_folder(folder_.path), name);
    });
    if (!listed) remove_all(join_path(snapshots_folder(folder_.path), name));
  }
}

void Trainer::finish(StopReason reason) {
  read_updates();
  if (window_.updates > 0) report_progress();
  const bool interrupted = reason == StopReason::kSignal;
  if (validator_ && options_.valid_every > 0) {
    if (!interrupted && state_.last_validation != state_.update) validate();
    if (!state_.has_best) write_weights();  // stopped before the first validation: still a model
  } else {
    write_weights();
  }
  if (saved_update_ != state_.update) save();
  const bool is_mean = !interrupted && validator_ && state_.snapshots.size() > 1 && try_average();
  std::string text = reason_text(reason, options_) + ": update " + std::to_string(state_.update) + ", " +
                     clock_text(now()) + " of training";
  if (is_mean)
    text += "; the model is the mean of " + std::to_string(state_.snapshots.size()) + " validations";
  else if (state_.has_best)
    text += "; the model is that of update " + std::to_string(state_.best_update);
  train_log_.event("stopped", state_.update, text);
}

}  // namespace dragoman
