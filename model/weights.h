// A Transformer's weights in model.safetensors: by Hugging Face's names, strictly.
#pragma once

#include <string>

#include "core/interrupt.h"
#include "folder/safetensors.h"
#include "model/transformer.h"

namespace dragoman {

// Copies every tensor of the file into the model; F16 and BF16 are widened. ModelError naming file and tensor
// for one that is missing, unknown, of another shape or of another kind.
void load_weights(Transformer& model, const std::string& path);

// Writes the model in numbers of this type, fsynced. DataError naming the path; std::runtime_error for a
// weight that is not finite (any more: float16 ends at 65504).
void save_weights(const Transformer& model, const std::string& path, DataType type = DataType::kFloat32,
                  OnInterrupt on_interrupt = OnInterrupt::kFinish);

// A loaded model from FOLDER/config.json and FOLDER/model.safetensors, in evaluation mode. The file's header
// is held against the config before anything is allocated.
Transformer load_model(const std::string& folder);

}  // namespace dragoman
