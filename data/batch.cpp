#include "data/batch.h"

#include <algorithm>

namespace dragoman {
namespace {

constexpr size_t kAhead = 8;  // batches

int64_t longest(const BatchIndices& pairs, const EncodedCorpus& corpus, bool source) {
  int64_t most = 0;
  for (const int64_t pair : pairs)
    most = std::max(most, source ? corpus.source_length(pair) : corpus.target_length(pair));
  return most;
}

}  // namespace

Batch make_batch(const EncodedCorpus& corpus, const BatchIndices& pairs, const PadIds& pad) {
  const auto rows = static_cast<int64_t>(pairs.size());
  const int64_t source_width = longest(pairs, corpus, true), target_width = longest(pairs, corpus, false);
  Batch batch;
  batch.pairs = pairs;
  batch.source = torch::full({rows, source_width}, pad.source, torch::kInt64);
  batch.decoder_input = torch::full({rows, target_width}, pad.target, torch::kInt64);
  batch.labels = torch::full({rows, target_width}, pad.target, torch::kInt64);
  auto* source = batch.source.mutable_data_ptr<int64_t>();
  auto* decoder_input = batch.decoder_input.mutable_data_ptr<int64_t>();
  auto* labels = batch.labels.mutable_data_ptr<int64_t>();
  for (const int64_t pair : pairs) {
    const auto source_ids = corpus.source(pair), target_ids = corpus.target(pair);
    std::copy(source_ids.begin(), source_ids.end(), source);
    std::copy(target_ids.begin(), target_ids.end(), labels);
    std::copy(target_ids.begin(), target_ids.end() - 1, decoder_input + 1);  // position 0 stays <pad>
    batch.label_tokens += static_cast<int64_t>(target_ids.size());
    source += source_width, decoder_input += target_width, labels += target_width;
  }
  return batch;
}

Batch to_device(const Batch& batch, const torch::Device& device) {
  if (device.is_cpu()) return batch;
  Batch moved = batch;
  for (auto* tensor : {&moved.source, &moved.decoder_input, &moved.labels})
    *tensor = tensor->to(device, /*non_blocking=*/true);
  return moved;
}

BatchStream::BatchStream(const EncodedCorpus& corpus, const StreamOptions& options, const DataPosition& start)
    : corpus_(corpus), options_(options), position_(start), thread_([this] { produce(); }) {}

BatchStream::~BatchStream() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

BatchStream::Item BatchStream::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !ready_.empty() || failure_; });
  if (ready_.empty()) std::rethrow_exception(failure_);
  Item item = std::move(ready_.front());
  ready_.pop_front();
  changed_.notify_all();
  return item;
}

void BatchStream::produce() try {
  for (;;) {
    const BatchPlan plan = plan_epoch(corpus_, options_.max_tokens, options_.seed, position_.epoch);
    const auto batches = static_cast<int64_t>(plan.size());
    TORCH_CHECK(batches > 0, "a stream of batches needs a corpus with pairs in it");
    while (position_.batch < batches) {
      Item item;
      item.batch = make_batch(corpus_, plan[static_cast<size_t>(position_.batch)], options_.pad);
      ++position_.batch;
      item.ends_epoch = position_.batch == batches;
      item.after = item.ends_epoch ? DataPosition{position_.epoch + 1, 0} : position_;
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stop_ || ready_.size() < kAhead; });
      if (stop_) return;
      ready_.push_back(std::move(item));
      changed_.notify_all();
    }
    position_ = {position_.epoch + 1, 0};
  }
} catch (...) {
  const std::lock_guard lock(mutex_);
  failure_ = std::current_exception();
  changed_.notify_all();
}

}  // namespace dragoman
