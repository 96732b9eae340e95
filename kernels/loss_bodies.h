// The loss of training, label-smoothed cross-entropy, with its gradient.
#pragma once

#include "kernels/kernels.h"
#include "kernels/vector.h"

namespace dragoman::DRAGOMAN_KERNEL_VARIANT {
namespace {

// Sums over a row of logits.
struct RowSums {
  float sum, exp_sum, log_sum;  // exp_sum: of e^(logit - largest); log_sum: log of the sum of e^logit
};

// With `keep`, each logit is replaced by e^(logit - largest).
RowSums sums_of_row(float* logits, int64_t classes, bool keep) {
  Vec maximum = broadcast(-kInfinity), total = broadcast(0.0f), exp_total = broadcast(0.0f);
  float largest = -kInfinity, sum = 0, exp_sum = 0;
  int64_t i = 0;
  for (; i + kWidth <= classes; i += kWidth) {
    const Vec x = load(logits + i);
    maximum = max(maximum, x);
    total += x;
  }
  for (; i < classes; ++i) {
    largest = logits[i] > largest ? logits[i] : largest;
    sum += logits[i];
  }
  const float vector_maximum = reduce_max(maximum);
  largest = vector_maximum > largest ? vector_maximum : largest;
  sum += reduce_sum(total);
  for (i = 0; i + kWidth <= classes; i += kWidth) {
    const Vec e = exp_of(load(logits + i) - largest);
    exp_total += e;
    if (keep) store(logits + i, e);
  }
  for (; i < classes; ++i) {
    const float e = exp_of(broadcast(logits[i] - largest))[0];
    exp_sum += e;
    if (keep) logits[i] = e;
  }
  exp_sum += reduce_sum(exp_total);
  return {sum, exp_sum, largest + __builtin_logf(exp_sum)};
}

RowLoss cross_entropy(float* logits, int64_t classes, int64_t label, float epsilon, float scale) {
  const float label_logit = logits[label];
  const RowSums row = sums_of_row(logits, classes, scale != 0);
  if (scale != 0) {
    // softmax_k - epsilon/K - (1-epsilon) [k = label]
    const float factor = scale / row.exp_sum, share = scale * epsilon / classes;
    int64_t i = 0;
    for (; i + kWidth <= classes; i += kWidth) store(logits + i, load(logits + i) * factor - share);
    for (; i < classes; ++i) logits[i] = logits[i] * factor - share;
    logits[label] -= scale * (1 - epsilon);
  }
  const float plain = row.log_sum - label_logit;
  const float uniform = row.log_sum - row.sum / classes;
  return {(1 - epsilon) * plain + epsilon * uniform, plain};
}

}  // namespace
}  // namespace dragoman::DRAGOMAN_KERNEL_VARIANT
