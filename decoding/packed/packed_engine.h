// The engine of the CPU: one set of packed weights for each model of an ensemble (mostly one), and sessions
// that work on batches side by side, each with threads of its own. A sentence's hypotheses are bit for bit
// the same whatever stands beside it in the batch, and for any number of threads and workers.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "decoding/packed/packed_model.h"
#include "decoding/search_engine.h"

namespace dragoman {

struct PackedEngineOptions {
  WeightType weights = WeightType::kFloat32;
  std::vector<int64_t> forbidden;  // ids that are never generated
  int threads = 1;                 // of each worker
  int workers = 1;
};

// A model before it is packed.
struct ModelToPack {
  ModelOptions options;
  StoredWeights weights;
};

class PackedEngine : public SearchEngine {
 public:
  PackedEngine(const ModelOptions& model, StoredWeights weights, const PackedEngineOptions& options,
               const Kernels& kernels = dragoman::kernels());
  // An ensemble (decoding/ensemble.h). models: one at least, all of one vocabulary.
  PackedEngine(std::vector<ModelToPack> models, const PackedEngineOptions& options,
               const Kernels& kernels = dragoman::kernels());
  ~PackedEngine() override;

  SearchResults search(const SentenceIds& sources, const SearchOptions& options,
                       const SearchLimits& limits) const override;
  std::vector<std::vector<double>> score(const SentenceIds& sources,
                                         const SentenceIds& targets) const override;
  int64_t workers() const override { return static_cast<int64_t>(workers_.size()); }

  // For tests: logits [tokens.size(), V] of each next token when `tokens` are forced behind the start.
  std::vector<std::vector<float>> forced_logits(const std::vector<int64_t>& source,
                                                const std::vector<int64_t>& tokens) const;

 private:
  struct Worker;
  class Borrowed;  // a worker that nobody else uses

  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<const PackedModel>> models_;
  size_t weight_bytes_ = 0;  // of all models
  mutable std::mutex mutex_;
  mutable std::condition_variable returned_;
  mutable std::vector<Worker*> free_;
};

}  // namespace dragoman
