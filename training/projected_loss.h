// Output projection and loss in one, by chunks of tokens: logits and their gradient never exist for more
// than one chunk, which fits into the processor's cache. On the CPU in float32; elsewhere the two plain
// operators (model/output_projection.h, training/loss.h), with which tests/training/projected_loss_test.cpp
// compares.
#pragma once

#include "model/output_projection.h"
#include "training/loss.h"

namespace dragoman {

struct LossOptions {
  int64_t pad_id;  // V-1
  double epsilon;  // label smoothing
};

// hidden: [B,T,D], the input of the output projection; labels: [B,T] int64, pad_id where there is no label.
LossSums projected_loss(const torch::Tensor& hidden, OutputProjection& projection,
                        const torch::Tensor& labels, const LossOptions& options);

}  // namespace dragoman
