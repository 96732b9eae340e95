// The model folder (docs/model-folder.md): everything that translating needs, in Hugging Face's Marian
// layout.
//
//   folder --> manifest checked --> config --> Transformer --> weights by name, strict
//                               --> tokenizers
#pragma once

#include <string>
#include <vector>

#include "model/config.h"
#include "model/transformer.h"
#include "tokenizer/tokenizer.h"

namespace dragoman {

// The two sides' tokenizers and what their files contain. With a shared vocabulary both are the same.
struct TokenizerPair {
  Tokenizer source, target;
  bool shared;

  // From source.spm, target.spm, vocab.json and, for separate vocabularies, target_vocab.json. ModelError.
  static TokenizerPair load(const std::string& folder);
};

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

// The names of the files of a folder that other programs read, manifest.json aside, as far as they are there.
std::vector<std::string> model_file_names(const std::string& folder);

// What a folder needs beside the weights, written in full: tokenizer files, config.json,
// generation_config.json, tokenizer_config.json, special_tokens_map.json. `source_spm`, `target_spm`: the
// bytes of the two SentencePiece models.
void write_model_settings(const std::string& folder, const ModelOptions& options,
                          const GenerationDefaults& generation, const std::string& source_spm,
                          const std::string& target_spm, const Vocabulary& source, const Vocabulary& target);

// Replaces FOLDER/model.safetensors by the model's weights, then the manifest over all files.
void write_model_weights(const std::string& folder, const Transformer& model);

}  // namespace dragoman
