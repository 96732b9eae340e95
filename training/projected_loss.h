// Output projection and loss in one, by chunks of tokens: logits and their gradient are never there for more
// than a chunk, which stays in the cache. On the CPU in float32; elsewhere the two plain operators
// (model/output_projection.h, training/loss.h), with which tests/training/projected_loss_test.cpp compares.
#pragma once

#include "model/output_projection.h"
#include "training/loss.h"

namespace dragoman {

struct LossOptions {
  int64_t pad_id;     // V-1
  double epsilon;     // label smoothing
  double r_drop = 0;  // alpha; hidden then holds two passes
};

// hidden: [B,T,D], what the output projection reads, or with R-Drop [2B,T,D], one pass behind the other;
// labels: [B,T] int64, pad_id where none is.
LossSums projected_loss(const torch::Tensor& hidden, OutputProjection& projection,
                        const torch::Tensor& labels, const LossOptions& options);

}  // namespace dragoman
