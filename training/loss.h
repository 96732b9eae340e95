// Label-smoothed cross-entropy (Szegedy et al. 2016, section 7; Vaswani et al. 2017, section 5.4).
//
// With K = V-1 classes (without <pad>, whose logit is -inf before the softmax), log p the log-softmax
// over them and y the label:
//   loss = (1-epsilon) (-log p_y) + epsilon mean_k(-log p_k),     summed over the labels that are not <pad>
#pragma once

#include "runtime/torch.h"

namespace dragoman {

struct LossSums {
  torch::Tensor smoothed;       // scalar, with gradient: what is trained on
  torch::Tensor cross_entropy;  // scalar, without: exp of its mean is the perplexity
};

// logits: [B,T,V]; labels: [B,T] int64. pad_id must be V-1. Sums over tokens: divide by their number.
LossSums label_smoothed_cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels,
                                      int64_t pad_id, double epsilon);

}  // namespace dragoman
