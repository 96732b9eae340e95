// The model folder (docs/model-folder.md): everything that translating needs, in Hugging Face's Marian
// layout.
//
//   folder --> manifest checked --> config --> Transformer --> weights by name, strict
//                               --> tokenizers
#pragma once

#include <string>
#include <vector>

#include "decoding/model_files.h"
#include "model/transformer.h"

namespace dragoman {

struct ModelFolder {
  Transformer model;
  TokenizerPair tokenizers;
  GenerationDefaults generation;
  std::string path;

  // ModelError naming what is missing or damaged. The model is in evaluation mode on `device`.
  static ModelFolder load(const std::string& path, const torch::Device& device);
};

// Replaces FOLDER/model.safetensors by the model's weights, then the manifest over all files.
void write_model_weights(const std::string& folder, const Transformer& model);

}  // namespace dragoman
