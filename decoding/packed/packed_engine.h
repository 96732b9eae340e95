// The engine for the CPU: one set of packed weights for each model of an ensemble (usually one), and sessions
// that work on batches in parallel, each with its own threads. A sentence's hypotheses are bit for bit the
// same for any other sentences in its batch, and for any number of threads and workers.
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
  int64_t threads = 1;             // of each worker
  int64_t workers = 1;
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
  // An ensemble (decoding/ensemble.h). models: at least one, all with the same vocabulary.
  PackedEngine(std::vector<ModelToPack> models, const PackedEngineOptions& options,
               const Kernels& kernels = dragoman::kernels());
  ~PackedEngine() override;

  SearchResults search(const SentenceIds& sources, const SearchOptions& options,
                       const SearchLimits& limits) const override;
  std::vector<std::vector<double>> score(const SentenceIds& sources,
                                         const SentenceIds& targets) const override;
  int64_t workers() const override { return workers_.size(); }

  // For tests: the logits [tokens.size(), V] of each next token when `tokens` are forced.
  std::vector<std::vector<float>> forced_logits(const std::vector<int64_t>& source,
                                                const std::vector<int64_t>& tokens) const;

 private:
  struct Worker;
  class Borrowed;  // exclusive use of a worker

  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<const PackedModel>> models_;
  size_t weight_bytes_ = 0;  // of all models
  mutable std::mutex mutex_;
  mutable std::condition_variable returned_;
  mutable std::vector<Worker*> free_;
};

}  // namespace dragoman
