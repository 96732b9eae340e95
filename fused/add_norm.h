// LayerNorm(x + dropout(y)) in one pass each way, on the CPU in float32. The plain form is in
// model/add_norm.cpp; tests/fused/fused_test.cpp holds the two together.
#pragma once

#include "runtime/torch.h"

namespace dragoman {

bool can_fuse_add_norm(const torch::Tensor& x);

// x, y: [.., D]; gain, bias: [D]; epsilon 1e-5. dropout: probability, 0 for none.
torch::Tensor fused_add_norm(const torch::Tensor& x, const torch::Tensor& y, const torch::Tensor& gain,
                             const torch::Tensor& bias, double dropout);

}  // namespace dragoman
