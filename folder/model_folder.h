// The model folder (docs/model-folder.md), read once: everything that translation needs, in Hugging Face's
// Marian layout.
//
//   manifest checked --> config.json --> tokenizers --> model.safetensors, mapped
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "folder/generation_config.h"
#include "folder/model_files.h"
#include "folder/model_options.h"
#include "folder/safetensors.h"

namespace dragoman {

struct ModelFolder {
  std::string path;
  ModelOptions options;
  TokenizerPair tokenizers;
  GenerationDefaults generation;
  // Their header is checked; the tensors are checked by what uses them (folder/weight_file.h,
  // model/weights.h). Null for a run that has no weights yet.
  std::shared_ptr<const SafetensorsFile> weights;

  // Each file is parsed once. ModelError naming what is missing, damaged or contradictory.
  static ModelFolder read(const std::string& path);
  // The same where config.json is read already.
  static ModelFolder read(const ModelConfig& config);
};

std::vector<ModelFolder> read_folders(const std::vector<std::string>& paths);

}  // namespace dragoman
