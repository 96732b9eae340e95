#include "training/updates.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "core/interrupt.h"
#include "core/random.h"
#include "planning/schedule.h"
#include "training/checkpoint.h"
#include "training/loss_scale.h"

namespace dragoman {
namespace {

constexpr int kMaxStreamThreads = 8;

}  // namespace

Updates::Updates(Training& training, const EncodedCorpus& corpus)
    : training_(training),
      corpus_(corpus),
      threads_(at::get_num_threads()),
      scales_loss_(training.options.precision == Precision::kFloat16 &&
                   !multiplies_by_kernels(training.options, training.folder.model->device())),
      workers_(worker_count(threads_, training.folder.model->device())) {
  const TrainingOptions& options = training.options;
  if (scales_loss_) training.state.loss_scale = LossScale::kFirst;
  if (options.augmentation.any()) {
    const TokenizerPair& tokenizers = training.folder.tokenizers;
    augmentation_.emplace(options.augmentation, tokenizers.source, tokenizers.target, options.seed,
                          options.max_tokens);
  }
  // The blocks poll for an interrupt in the forward pass; the backward pass takes twice as long.
  for (const auto& parameter : training.optimiser.parameters())
    parameter.register_hook([](const torch::Tensor&) { throw_if_interrupted(); });
}

void Updates::begin() {
  const TrainingOptions& options = training_.options;
  const ModelOptions& model = training_.folder.model->options();
  const bool on_cuda = training_.folder.model->device().is_cuda();
  StreamOptions stream{};
  stream.max_tokens = options.max_tokens;
  stream.seed = options.seed;
  stream.pad = {model.source_pad_id(), model.target_pad_id()};
  stream.augmentation = augmentation_ ? &*augmentation_ : nullptr;
  stream.pinned = on_cuda;
  // A device takes batches faster than one thread can segment the text again; on the CPU the cores are busy.
  stream.threads = on_cuda ? std::clamp(threads_ - 1, 1, kMaxStreamThreads) : 1;
  stream_ = std::make_unique<BatchStream>(corpus_, stream, training_.state.position);
}

int Updates::operator_threads() const {
  return std::max(1, threads_ / workers_.count());
}

Updates::Gathered Updates::next_batches() {
  const TrainingOptions& options = training_.options;
  Gathered gathered{{}, training_.state.position};
  int64_t tokens = 0;
  for (int64_t i = 0; i < options.accumulate || tokens < options.update_tokens; ++i) {
    BatchStream::Item item = stream_->next();
    for (Batch& part : item.parts) {
      tokens += part.label_tokens;
      gathered.batches.push_back(std::move(part));
    }
    gathered.after = item.after;
    if (item.ends_epoch) break;  // an update never spans two epochs
  }
  return gathered;
}

bool Updates::waits() const {
  return training_.folder.model->device().is_cpu() || scales_loss_;  // the next scale depends on the result
}

void Updates::run() {
  TrainingState& state = training_.state;
  Transformer& model = training_.folder.model;
  const TrainingOptions& options = training_.options;
  const int64_t number = state.update + 1;
  const auto [batches, after] = next_batches();
  // Dropout depends on the seed and the number of the update only: a resumed run samples the same.
  const uint64_t seed = mix_seeds(options.seed, number);
  torch::manual_seed(seed);  // CUDA's dropout
  const double rate = learning_rate_at(number, options, model->options().d_model);
  unread_.push_back(train_update(model, training_.optimiser, batches, options,
                                 {rate, state.loss_scale, seed, waits()}, workers_));
  state.update = number;
  state.position = after;
  state.finished = false;
  state.target_tokens += unread_.back().label_tokens;
  state.seconds = training_.clock.training();
  if (training_.average) training_.average->add(model, number);
}

bool Updates::must_be_read() const {
  return waits() || std::ssize(unread_) >= training_.options.log_every;
}

std::vector<UpdateResult> Updates::read() {
  int64_t update = training_.state.update - std::ssize(unread_);
  std::vector<UpdateResult> finite;
  for (UpdateResult& result : std::exchange(unread_, {})) {
    result.read();
    if (!was_skipped(result, ++update)) finite.push_back(result);
  }
  return finite;
}

bool Updates::was_skipped(const UpdateResult& result, int64_t update) {
  TrainingState& state = training_.state;
  if (scales_loss_) {
    const LossScale next = LossScale{state.loss_scale, state.scale_age}.after(result.skipped);
    state.loss_scale = next.value, state.scale_age = next.age;
  }
  skipped_in_a_row_ = result.skipped ? skipped_in_a_row_ + 1 : 0;
  if (!result.skipped) return false;
  training_.log.warning("update " + std::to_string(update) + " skipped: loss or gradient is not finite");
  if (skipped_in_a_row_ >= training_.options.max_bad_updates) stop_for_bad_updates();
  return true;
}

void Updates::stop_for_bad_updates() const {
  const auto checkpoint = newest_checkpoint(training_.folder.path, training_.log);
  throw std::runtime_error(
      "[training] " + std::to_string(skipped_in_a_row_) +
      " updates in a row had no finite loss (--max-bad-updates); the last good checkpoint is " +
      checkpoint.value_or("none") +
      "; lower --learning-rate, raise --warmup or use --precision float32, in a new folder");
}

}  // namespace dragoman
