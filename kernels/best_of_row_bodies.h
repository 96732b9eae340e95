// The best elements of a row of logits.
#pragma once

#include "kernels/vector.h"

namespace dragoman::DRAGOMAN_KERNEL_VARIANT {
namespace {

// Inserts x into the `count` best so far, after its equals.
inline void insert_best(float x, int32_t place, int64_t count, float* values, int32_t* places) {
  int64_t i = count - 1;
  for (; i > 0 && values[i - 1] < x; --i) {
    values[i] = values[i - 1];
    places[i] = places[i - 1];
  }
  values[i] = x;
  places[i] = place;
}

inline bool any_above(Vec v, float bound) {
#if defined(__AVX512F__)
  return _mm512_cmp_ps_mask((__m512)v, _mm512_set1_ps(bound), _CMP_GT_OQ) != 0;
#elif defined(__AVX2__)
  return _mm256_movemask_ps(_mm256_cmp_ps((__m256)v, _mm256_set1_ps(bound), _CMP_GT_OQ)) != 0;
#else
  bool any = false;
  for (int i = 0; i < kWidth; ++i) any = any || v[i] > bound;
  return any;
#endif
}

float best_of_row(const float* row, int64_t size, int64_t count, bool want_log_sum, float* values,
                  int32_t* places) {
  for (int64_t i = 0; i < count; ++i) values[i] = -kInfinity, places[i] = -1;
  const auto examine = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      if (row[i] > values[count - 1]) insert_best(row[i], i, count, values, places);
    }
  };
  constexpr int64_t kBlock = 4 * kWidth;
  int64_t at = 0;
  for (; at + kBlock <= size; at += kBlock) {
    const Vec a = max(load(row + at), load(row + at + kWidth));
    const Vec b = max(load(row + at + 2 * kWidth), load(row + at + 3 * kWidth));
    if (any_above(max(a, b), values[count - 1])) examine(at, at + kBlock);
  }
  examine(at, size);
  const float largest = values[0];
  if (!want_log_sum || largest == -kInfinity) return want_log_sum ? -kInfinity : 0;
  Vec total = broadcast(0.0f);
  float rest = 0;
  int64_t i = 0;
  for (; i + kWidth <= size; i += kWidth) total += exp_of(load(row + i) - largest);
  for (; i < size; ++i) rest += exp_of(broadcast(row[i] - largest))[0];
  return largest + __builtin_logf(reduce_sum(total) + rest);
}

}  // namespace
}  // namespace dragoman::DRAGOMAN_KERNEL_VARIANT
