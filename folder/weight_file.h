// The weights of a model folder where they lie: model.safetensors, mapped, checked against the model that
// config.json describes. Without LibTorch.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "folder/config.h"
#include "folder/model_options.h"
#include "folder/position_table.h"
#include "folder/safetensors.h"

namespace dragoman {

// What config.json says of a model, as its weights have it: transformers 5 takes "tie_word_embeddings": false
// to mean that nothing is tied, so that a folder may share embeddings by its config and hold two. ModelError.
ModelOptions as_stored(ModelOptions options, const SafetensorsFile& file);
// The same for a folder's config.json and the weights next to it, if there are any.
ModelOptions stored_model_options(const ModelConfig& config);

// ModelError naming file and tensor when one is missing, of another shape, no floating-point numbers, one too
// many, or when it holds NaN or infinity; and when copies of a shared embedding differ.
void check_weights(const ModelOptions& options, const SafetensorsFile& file);

// One tensor in memory, row major.
struct StoredTensor {
  const void* data = nullptr;
  DataType type = DataType::kFloat32;
  int64_t rows = 1, columns = 0;  // a vector is one row
};

// The positions of a checked file: its own where they are not the paper's to the last digit, since another
// program computes with them, rounded as they are, and Marian's models were trained with other angles.
// ModelError for a table of another shape, alone, or of other numbers than sines and cosines.
PositionTable stored_positions(const ModelOptions& options, const SafetensorsFile& file);

// All tensors of a model by our names (folder/weight_names.h); `owner` keeps them where they are.
struct StoredWeights {
  std::map<std::string, StoredTensor> tensors;
  PositionTable positions;
  std::shared_ptr<const void> owner;
  // Gives the memory back under a tensor that is not read again soon: a file has it. None where no file has.
  std::function<void(const StoredTensor&)> release;
};

// The tensors of a file where they are mapped, checked. ModelError.
StoredWeights map_weights(const ModelOptions& options, const std::shared_ptr<const SafetensorsFile>& file);

}  // namespace dragoman
