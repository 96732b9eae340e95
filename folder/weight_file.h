// The weights of a model folder in place: model.safetensors, mapped, checked against the model that
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

// The settings of config.json, corrected by the weights. For transformers 5, "tie_word_embeddings": false
// means that nothing is tied: a folder may share embeddings by its config and still hold two. ModelError.
ModelOptions as_stored(ModelOptions options, const SafetensorsFile& file);
// The same for a folder's config.json and the weights next to it, if there are any.
ModelOptions stored_model_options(const ModelConfig& config);

// ModelError naming file and tensor when one is missing, of another shape, not floating-point, superfluous,
// or when it contains NaN or infinity; and when copies of a shared embedding differ.
void check_weights(const ModelOptions& options, const SafetensorsFile& file);

// One tensor in memory, row major.
struct StoredTensor {
  const void* data = nullptr;
  DataType type = DataType::kFloat32;
  int64_t rows = 1, columns = 0;  // a vector is one row
};

// The positions of a checked file: its own where they are not the paper's to the last digit, since another
// program computes with them, rounded as they are, and Marian's models were trained with other angles.
// ModelError for a table of another shape, alone, or of values other than sines and cosines.
PositionTable stored_positions(const ModelOptions& options, const SafetensorsFile& file);

// All tensors of a model by our names (folder/weight_names.h); `owner` keeps them where they are.
struct StoredWeights {
  std::map<std::string, StoredTensor> tensors;
  PositionTable positions;
  std::shared_ptr<const void> owner;
  // Releases the memory of a tensor that is not read again soon; the file still has it. Empty without a file.
  std::function<void(const StoredTensor&)> release;
};

// The mapped tensors of a file, checked. ModelError.
StoredWeights map_weights(const ModelOptions& options, const std::shared_ptr<const SafetensorsFile>& file);

}  // namespace dragoman
