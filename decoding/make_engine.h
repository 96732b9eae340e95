// Which engine computes, by device and precision.
#pragma once

#include <memory>
#include <string>

#include "core/shared_options.h"
#include "decoding/model_folder.h"
#include "decoding/search_engine.h"
#include "folder/weight_file.h"

namespace dragoman {

struct EngineOptions {
  Precision precision = Precision::kFloat32;
  int64_t workers = 1;
  int64_t threads = 0;  // of each worker; 0: LibTorch's number of threads, shared among the workers

  OptionList describe();  // precision and workers
};

// The weights of a model as they lie in its tensors, on the CPU.
StoredWeights stored_weights(const Transformer& model);

// Whether the packed engine takes this device and precision.
bool packs(const torch::Device& device, Precision precision);

// A folder with its Transformer only where the engine needs one. ModelError.
ModelFolder load_for_engine(const std::string& path, const torch::Device& device,
                            const EngineOptions& options);
std::vector<ModelFolder> load_for_engine(const std::vector<std::string>& paths, const torch::Device& device,
                                         const EngineOptions& options);

// `folders`: one, or several that decode together (an ensemble). `forbidden`: ids that are never generated.
// UsageError for what no engine does (int8 on CUDA, several workers there), and for models whose vocabularies
// differ, naming the first piece that does.
std::unique_ptr<SearchEngine> make_engine(const std::vector<ModelFolder>& folders,
                                          const EngineOptions& options,
                                          const std::vector<int64_t>& forbidden);

}  // namespace dragoman
