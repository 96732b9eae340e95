// The weights of a Hugging Face Marian model that torch.save wrote (pytorch_model.bin). They keep their
// names.
#pragma once

#include "exchange/gathered_weights.h"
#include "exchange/torch_file.h"

namespace dragoman {

// All weights of a model of this shape. Tied tensors that the file stores twice are kept once. Position
// tables are kept. An absent final_logits_bias becomes zero. ModelError naming file and tensor for a tensor
// that is missing, has another shape, or is not part of the model.
GatheredWeights gather_torch_weights(const TorchFile& file, const ModelOptions& options,
                                     const std::string& path);

}  // namespace dragoman
