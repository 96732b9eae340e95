#include "decoding/packed/packed_engine.h"

#include "decoding/packed/packed_search.h"

namespace dragoman {

struct PackedEngine::Worker {
  explicit Worker(int threads) : pool(threads) {}
  ThreadPool pool;
  std::unique_ptr<Session> session;
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
  Session& session() { return *worker_->session; }

 private:
  const PackedEngine& engine_;
  Worker* worker_;
};

PackedEngine::PackedEngine(const ModelOptions& model, StoredWeights weights,
                           const PackedEngineOptions& options, const Kernels& kernels) {
  for (int i = 0; i < options.workers; ++i) workers_.push_back(std::make_unique<Worker>(options.threads));
  model_ = std::make_unique<PackedModel>(model, std::move(weights), options.weights, options.forbidden,
                                         kernels, workers_[0]->pool);
  for (auto& worker : workers_) {
    worker->session = std::make_unique<Session>(*model_, worker->pool);
    free_.push_back(worker.get());
  }
}

PackedEngine::~PackedEngine() = default;

std::vector<std::vector<Hypothesis>> PackedEngine::search(
    const std::vector<const std::vector<int64_t>*>& sources, const SearchOptions& options,
    const SearchLimits& limits) const {
  return packed_search(Borrowed(*this).session(), sources, options, limits);
}

std::vector<std::vector<float>> PackedEngine::forced_logits(const std::vector<int64_t>& source,
                                                            const std::vector<int64_t>& tokens) const {
  Borrowed worker(*this);
  Session& session = worker.session();
  session.start({&source});
  std::vector<std::vector<float>> logits;
  auto token = static_cast<int32_t>(model_->options().target_pad_id());
  for (size_t t = 0; t <= tokens.size(); ++t) {
    const float* row = session.step({{0, 0, token}});
    logits.emplace_back(row, row + model_->options().decoder_vocab_size);
    if (t < tokens.size()) token = static_cast<int32_t>(tokens[t]);
  }
  return logits;
}

}  // namespace dragoman
