#include "decoding/packed/packed_engine.h"

#include <algorithm>
#include <exception>

#include "decoding/ensemble.h"
#include "decoding/packed/session.h"
#include "decoding/search.h"

namespace dragoman {
namespace {

// If the weights fit every thread's cache, a batch is split into independent shares, one per thread: a
// product of such a small model ends before another thread wakes up. Otherwise the threads share each
// product, and the weights are read once.
constexpr size_t kBytesForShares = size_t{16} << 20;

std::unique_ptr<StepDecoder> decoder_of(const std::vector<std::unique_ptr<const PackedModel>>& models,
                                        ThreadPool& pool) {
  std::vector<std::unique_ptr<StepDecoder>> sessions;
  for (const auto& model : models) sessions.push_back(std::make_unique<Session>(*model, pool));
  return ensemble_of(std::move(sessions));
}

}  // namespace

struct PackedEngine::Worker {
  explicit Worker(int threads) : pool(threads) {}

  ThreadPool pool;
  std::unique_ptr<StepDecoder> decoder;
  // For shares, each computed by one thread.
  ThreadPool alone{1};
  std::vector<std::unique_ptr<StepDecoder>> shares;

  // A share takes every n-th sentence, because adjacent sentences have similar lengths.
  SearchResults search_shares(const SentenceIds& sources, const SearchOptions& options,
                              const SearchLimits& limits) {
    const size_t count = std::min(shares.size(), sources.size());
    SearchResults results(sources.size());
    std::vector<std::exception_ptr> failures(count);
    const auto search_share = [&](size_t share) {
      SentenceIds part;
      for (size_t i = share; i < sources.size(); i += count) part.push_back(sources[i]);
      auto found = dragoman::search(*shares[share], part, options, limits.part(share, count));
      for (size_t i = 0; i < found.size(); ++i) results[share + i * count] = std::move(found[i]);
    };
    pool.run(count, int64_t{1} << 40, [&](int64_t begin, int64_t end) {
      for (int64_t share = begin; share < end; ++share) {
        try {
          search_share(share);
        } catch (...) {
          failures[share] = std::current_exception();
        }
      }
    });
    for (const auto& failure : failures) {
      if (failure) std::rethrow_exception(failure);
    }
    return results;
  }
};

class PackedEngine::Borrowed {
 public:
  explicit Borrowed(const PackedEngine& engine) : engine_(engine) {
    std::unique_lock lock(engine.mutex_);
    engine.returned_.wait(lock, [&] { return !engine.free_.empty(); });
    worker_ = engine.free_.back();
    engine.free_.pop_back();
  }
  ~Borrowed() {
    const std::lock_guard lock(engine_.mutex_);
    engine_.free_.push_back(worker_);
    engine_.returned_.notify_one();
  }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  Worker& worker() { return *worker_; }
  StepDecoder& decoder() { return *worker_->decoder; }

 private:
  const PackedEngine& engine_;
  Worker* worker_;
};

PackedEngine::PackedEngine(const ModelOptions& model, StoredWeights weights,
                           const PackedEngineOptions& options, const Kernels& kernels)
    : PackedEngine({{model, std::move(weights)}}, options, kernels) {}

PackedEngine::PackedEngine(std::vector<ModelToPack> models, const PackedEngineOptions& options,
                           const Kernels& kernels) {
  for (int i = 0; i < options.workers; ++i) workers_.push_back(std::make_unique<Worker>(options.threads));
  for (auto& model : models) {
    models_.push_back(std::make_unique<PackedModel>(model.options, std::move(model.weights), options.weights,
                                                    options.forbidden, kernels, workers_[0]->pool));
    weight_bytes_ += models_.back()->weight_bytes();
  }
  for (auto& worker : workers_) {
    worker->decoder = decoder_of(models_, worker->pool);
    for (int i = 0; options.threads > 1 && i < options.threads; ++i)
      worker->shares.push_back(decoder_of(models_, worker->alone));
    free_.push_back(worker.get());
  }
}

PackedEngine::~PackedEngine() = default;

SearchResults PackedEngine::search(const SentenceIds& sources, const SearchOptions& options,
                                   const SearchLimits& limits) const {
  Borrowed borrowed(*this);
  Worker& worker = borrowed.worker();
  const bool shared = worker.shares.size() > 1 && weight_bytes_ <= kBytesForShares;
  return shared ? worker.search_shares(sources, options, limits)
                : dragoman::search(*worker.decoder, sources, options, limits);
}

std::vector<std::vector<double>> PackedEngine::score(const SentenceIds& sources,
                                                     const SentenceIds& targets) const {
  Borrowed borrowed(*this);
  return score_targets(borrowed.decoder(), sources, targets);
}

std::vector<std::vector<float>> PackedEngine::forced_logits(const std::vector<int64_t>& source,
                                                            const std::vector<int64_t>& tokens) const {
  Borrowed borrowed(*this);
  StepDecoder& decoder = borrowed.decoder();
  decoder.start({&source});
  std::vector<std::vector<float>> logits;
  int64_t token = decoder.start_id();
  for (size_t t = 0; t <= tokens.size(); ++t) {
    decoder.step({{0, 0, token}}).for_each_row([&](int64_t, const float* row) {
      logits.emplace_back(row, row + decoder.vocabulary());
    });
    if (t < tokens.size()) token = tokens[t];
  }
  return logits;
}

}  // namespace dragoman
