// Which engine computes, by device and precision.
#pragma once

#include <string>

#include "decoding/engine_options.h"
#include "decoding/search_engine.h"
#include "folder/weight_file.h"
#include "model/transformer.h"

namespace dragoman {

// Whether the packed engine takes this device and precision.
bool packs(const torch::Device& device, Precision precision);

// Engines on `device`, with the weights of the folders. They throw UsageError for what no engine does (int8
// on CUDA, several workers there), and for models whose vocabularies differ, naming the first piece that
// does.
EngineFactory engine_on(const torch::Device& device, const EngineOptions& options = {});

// Engines over a model that is in memory, on its device; the folder's weights are not read.
EngineFactory engine_over(const Transformer& model, const EngineOptions& options = {});

// The weights of a model as its tensors hold them, on the CPU.
StoredWeights stored_weights(const Transformer& model);

}  // namespace dragoman
