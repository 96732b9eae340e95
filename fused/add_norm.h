// norm(x + dropout(y)): on the CPU in float32 in one pass over memory in each direction, elsewhere by
// LibTorch's operators. tests/fused/fused_test.cpp compares the two.
#pragma once

#include "runtime/torch.h"

namespace dragoman {

// x, y: [.., D]; norm: over D, epsilon 1e-5. dropout: probability, 0 for none. Returns [.., D].
torch::Tensor add_norm(const torch::Tensor& x, const torch::Tensor& y, torch::nn::LayerNorm norm,
                       double dropout);

}  // namespace dragoman
