#include "training/batch.h"

#include <algorithm>
#include <chrono>

#include "core/interrupt.h"

namespace dragoman {
namespace {

constexpr int64_t kPrefetched = 8;  // batches
constexpr std::chrono::milliseconds kPollInterval(100);

// One row of a batch, wherever its ids are.
struct Row {
  std::span<const int32_t> source, target;
  int64_t pair = 0;

  int64_t length() const { return std::max(std::ssize(source), std::ssize(target)); }
};

Batch batch_of(std::span<const Row> rows, const PadIds& pad) {
  int64_t source_width = 0, target_width = 0;
  for (const Row& row : rows) {
    source_width = std::max(source_width, std::ssize(row.source));
    target_width = std::max(target_width, std::ssize(row.target));
  }
  const int64_t count = std::ssize(rows);
  const auto filled = [&](int64_t width, int64_t id) {
    return torch::full({count, width}, id, torch::kInt64);
  };
  Batch batch;
  batch.source = filled(source_width, pad.source);
  batch.decoder_input = filled(target_width, pad.target);
  batch.labels = filled(target_width, pad.target);
  auto* source = batch.source.mutable_data_ptr<int64_t>();
  auto* decoder_input = batch.decoder_input.mutable_data_ptr<int64_t>();
  auto* labels = batch.labels.mutable_data_ptr<int64_t>();
  for (const Row& row : rows) {
    std::copy(row.source.begin(), row.source.end(), source);
    std::copy(row.target.begin(), row.target.end(), labels);
    std::copy(row.target.begin(), row.target.end() - 1, decoder_input + 1);  // position 0 stays <pad>
    batch.label_tokens += std::ssize(row.target);
    batch.pairs.push_back(row.pair);
    source += source_width, decoder_input += target_width, labels += target_width;
  }
  return batch;
}

}  // namespace

Batch make_batch(const EncodedCorpus& corpus, const BatchIndices& pairs, const PadIds& pad) {
  return make_batches(corpus, pairs, pad, {}).front();
}

std::vector<Batch> make_batches(const EncodedCorpus& corpus, const BatchIndices& pairs, const PadIds& pad,
                                const RowChanges& options) {
  std::vector<AugmentedPair> changed;
  if (options.augmentation) {
    for (const int64_t pair : pairs)
      changed.push_back(options.augmentation->apply(corpus, pair, options.epoch));
  }
  std::vector<Row> rows;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (options.augmentation)
      rows.push_back({changed[i].source, changed[i].target, pairs[i]});
    else
      rows.push_back({corpus.source(pairs[i]), corpus.target(pairs[i]), pairs[i]});
  }
  int64_t longest = 0;
  for (const Row& row : rows) longest = std::max(longest, row.length());
  if (options.max_tokens <= 0 || longest * std::ssize(rows) <= options.max_tokens)
    return {batch_of(rows, pad)};
  // By length, so that the short rows share a part.
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.length() < b.length(); });
  std::vector<Batch> parts;
  for (int64_t begin = 0, end = 0; begin < std::ssize(rows); begin = end) {
    while (end < std::ssize(rows) &&
           (end == begin || rows[end].length() * (end + 1 - begin) <= options.max_tokens))
      ++end;
    parts.push_back(batch_of(std::span(rows).subspan(begin, end - begin), pad));
  }
  return parts;
}

Batch to_device(const Batch& batch, const torch::Device& device) {
  if (device.is_cpu()) return batch;
  Batch moved = batch;
  for (auto* tensor : {&moved.source, &moved.decoder_input, &moved.labels})
    *tensor = tensor->to(device, /*non_blocking=*/true);
  return moved;
}

BatchStream::BatchStream(const EncodedCorpus& corpus, const StreamOptions& options, const DataPosition& start)
    : corpus_(corpus), options_(options), position_(start) {
  for (int i = 0; i < options.threads; ++i) threads_.emplace_back([this] { produce(); });
}

BatchStream::~BatchStream() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_) thread.join();
}

BatchStream::Item BatchStream::next() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kPollInterval, [this] { return ready_.count(taken_) > 0 || failure_; }))
    throw_if_interrupted();
  const auto found = ready_.find(taken_);
  if (found == ready_.end()) std::rethrow_exception(failure_);
  Item item = std::move(found->second);
  ready_.erase(found);
  ++taken_;
  changed_.notify_all();
  return item;
}

BatchStream::Job BatchStream::next_job() {
  const std::lock_guard lock(planning_);
  if (!plan_) {
    plan_.emplace(corpus_, options_.max_tokens, options_.seed, position_.epoch);
    window_ = plan_->window(0);
  }
  // A resumed pass plans the windows before its position again, for the number of their batches.
  while (position_.batch >= first_of_window_ + std::ssize(window_)) {
    throw_if_interrupted();
    first_of_window_ += std::ssize(window_);
    if (++window_index_ == plan_->windows()) {
      position_ = {position_.epoch + 1, 0};
      plan_.emplace(corpus_, options_.max_tokens, options_.seed, position_.epoch);
      window_index_ = first_of_window_ = 0;
    }
    // The pairs of a window are spread over the corpus: without this, all of it would be in memory in time.
    corpus_.release();
    window_ = plan_->window(window_index_);
  }
  Job job;
  job.pairs = window_[position_.batch - first_of_window_];
  job.epoch = position_.epoch;
  job.number = jobs_++;
  ++position_.batch;
  job.item.ends_epoch =
      window_index_ + 1 == plan_->windows() && position_.batch == first_of_window_ + std::ssize(window_);
  job.item.after = job.item.ends_epoch ? DataPosition{position_.epoch + 1, 0} : position_;
  return job;
}

std::vector<Batch> BatchStream::made(const Job& job) const {
  auto parts = make_batches(corpus_, job.pairs, options_.pad,
                            {options_.augmentation, job.epoch, std::max<int64_t>(1, options_.max_tokens)});
  if (options_.pinned) {
    for (Batch& batch : parts) {
      for (auto* tensor : {&batch.source, &batch.decoder_input, &batch.labels})
        *tensor = tensor->pin_memory();
    }
  }
  return parts;
}

void BatchStream::produce() try {
  TORCH_CHECK(corpus_.size() > 0, "a stream of batches needs a corpus with pairs in it");
  for (;;) {
    Job job = next_job();
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stop_ || job.number < taken_ + kPrefetched + options_.threads; });
      if (stop_) return;
    }
    job.item.parts = made(job);
    const std::lock_guard lock(mutex_);
    ready_.emplace(job.number, std::move(job.item));
    changed_.notify_all();
  }
} catch (...) {
  const std::lock_guard lock(mutex_);
  if (!failure_) failure_ = std::current_exception();
  changed_.notify_all();
}

}  // namespace dragoman
