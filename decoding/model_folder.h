// The model folder (docs/model-folder.md): everything that translating needs, in Hugging Face's Marian
// layout.
//
//   folder --> manifest checked --> config --> Transformer --> weights by name, strict
//                               --> tokenizers
#pragma once

#include <string>
#include <vector>

#include "folder/model_files.h"
#include "model/transformer.h"

namespace dragoman {

struct ModelFolder {
  Transformer model;  // empty when the weights were left where they are
  TokenizerPair tokenizers;
  GenerationDefaults generation;
  std::string path;
  ModelOptions options;

  // ModelError naming what is missing or damaged. The model is in evaluation mode on `device`.
  static ModelFolder load(const std::string& path, const torch::Device& device);
  // The same without the model: for an engine that reads the weights itself (make_engine).
  static ModelFolder load_without_weights(const std::string& path);

  torch::Device device() const { return model.is_empty() ? torch::Device(torch::kCPU) : model->device(); }
};

// Replaces FOLDER/model.safetensors by the model's weights, then the manifest over all files.
void write_model_weights(const std::string& folder, const Transformer& model);

}  // namespace dragoman
