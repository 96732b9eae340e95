// The interface that Translator needs: the best hypotheses of a batch of sources. Two classes implement it:
//   PackedEngine (packed/packed_engine.h)   on the CPU: weights packed for our own kernels, without LibTorch
//   TorchEngine (torch/torch_engine.h)      any device and type of LibTorch, over the modules of model/
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "decoding/search.h"
#include "folder/model_folder.h"

namespace dragoman {

class SearchEngine {
 public:
  virtual ~SearchEngine() = default;

  // For each source (ids, </s> at the end) its options.n_best best hypotheses, best first (fewer when fewer
  // exist). beam_size 1 is greedy search. At most workers() threads may call this at the same time.
  virtual SearchResults search(const SentenceIds& sources, const SearchOptions& options,
                               const SearchLimits& limits) const = 0;
  // The log-probability of each token of given targets (ids, </s> at the end), as the search would count it.
  // The same limit of threads applies.
  virtual std::vector<std::vector<double>> score(const SentenceIds& sources,
                                                 const SentenceIds& targets) const = 0;
  virtual int64_t workers() const { return 1; }
};

// Makes the engine of one model folder, or of several that decode together (an ensemble). forbidden: ids that
// are never generated. ModelError for weights that cannot be used.
using EngineFactory = std::function<std::unique_ptr<SearchEngine>(const std::vector<ModelFolder>& folders,
                                                                  const std::vector<int64_t>& forbidden)>;

}  // namespace dragoman
