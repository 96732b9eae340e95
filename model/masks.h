// Masks (Vaswani et al. 2017, section 3.2.3): what a position may attend to. True: it may.
#pragma once

#include "model/shapes.h"
#include "runtime/torch.h"

namespace dragoman {

// No position attends to padding. ids: [B,S]. Returns [B,1,1,S].
torch::Tensor padding_mask(const torch::Tensor& ids, int64_t pad_id);

// No position sees a later one, so that a prediction depends only on what is already known. Returns
// [1,1,T,T], the lower triangle.
torch::Tensor causal_mask(int64_t length, const torch::Device& device);

}  // namespace dragoman
