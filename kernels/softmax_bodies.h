// Softmax of a row of attention scores.
#pragma once

#include "kernels/vector.h"

namespace dragoman::DRAGOMAN_KERNEL_VARIANT {
namespace {

inline int64_t padded(int64_t length) {
  return (length + kWidth - 1) / kWidth * kWidth;
}

// Replaces the row by its softmax, or by zeros when all of it is -inf. width: a multiple of kWidth. Returns
// the log sum exp of the row, or +inf when all of it is -inf.
inline float softmax_row(float* row, int64_t width) {
  Vec maximum = broadcast(-kInfinity);
  for (int64_t s = 0; s < width; s += kWidth) maximum = max(maximum, load(row + s));
  const float largest = reduce_max(maximum);
  if (largest == -kInfinity) {
    for (int64_t s = 0; s < width; s += kWidth) {
      const Vec x = load(row + s);
      store(row + s, x == x ? broadcast(0.0f) : x);  // the maximum ignores NaN; the row keeps it
    }
    return kInfinity;
  }
  Vec total = broadcast(0.0f);
  for (int64_t s = 0; s < width; s += kWidth) {
    const Vec e = exp_of(load(row + s) - largest);
    store(row + s, e);
    total += e;
  }
  const float sum = reduce_sum(total);
  for (int64_t s = 0; s < width; s += kWidth) store(row + s, load(row + s) * (1 / sum));
  return largest + __builtin_logf(sum);
}

}  // namespace
}  // namespace dragoman::DRAGOMAN_KERNEL_VARIANT
