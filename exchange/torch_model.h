// The weights of a Hugging Face Marian model that torch.save wrote (pytorch_model.bin), under the names that
// they have there already.
#pragma once

#include "exchange/gathered_weights.h"
#include "exchange/torch_file.h"

namespace dragoman {

// All weights of a model of this shape; what tied tensors were stored twice is left out, position tables are
// kept. final_logits_bias may be absent and is zero then. ModelError naming file and tensor for one that is
// missing, of another shape, or left over.
GatheredWeights gather_torch_weights(const TorchFile& file, const ModelOptions& options,
                                     const std::string& path);

}  // namespace dragoman
