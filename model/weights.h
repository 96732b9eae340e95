// A Transformer's weights in model.safetensors: by Hugging Face's names, strictly.
#pragma once

#include <string>

#include "core/interrupt.h"
#include "folder/model_folder.h"
#include "folder/safetensors.h"
#include "model/transformer.h"

namespace dragoman {

// Copies every tensor of the file into the model; F16 and BF16 are widened. ModelError naming file and tensor
// for one that is missing, unknown, of another shape or of another kind.
void load_weights(Transformer& model, const std::string& path);
void load_weights(Transformer& model, const SafetensorsFile& file);

// Writes the model in this data type, fsynced. DataError naming the path; std::runtime_error for a
// weight that is not finite (any more: float16 ends at 65504).
void save_weights(const Transformer& model, const std::string& path, DataType type = DataType::kFloat32,
                  OnInterrupt on_interrupt = OnInterrupt::kFinish);

// A model with the weights of a file, on the CPU, in evaluation mode. The file's header is checked against
// the options before anything is allocated. ModelError.
Transformer load_model(const ModelOptions& options, const SafetensorsFile& file);

// A model folder with its model in memory.
struct LoadedModelFolder : ModelFolder {
  Transformer model;
};
// The model is in evaluation mode on `device`. ModelError.
LoadedModelFolder load_model_folder(const std::string& path, const torch::Device& device);

// Replaces FOLDER/model.safetensors by the model's weights, then the manifest over all files.
void write_model_weights(const std::string& folder, const Transformer& model);

}  // namespace dragoman
