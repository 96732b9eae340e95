// Attention of one query over cached keys and values: see CacheQuery.
#pragma once

#include "kernels/packed.h"
#include "kernels/softmax_bodies.h"
#include "kernels/vector.h"

namespace dragoman::DRAGOMAN_KERNEL_VARIANT {
namespace {

// The sum by halves: a chain of three additions for eight elements, instead of seven.
inline float sum_by_halves(Vec v) {
#if defined(__AVX512F__)
  return _mm512_reduce_add_ps((__m512)v);
#elif defined(__AVX2__)
  const __m256 whole = (__m256)v;
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(whole), _mm256_extractf128_ps(whole, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
#else
  return reduce_sum(v);
#endif
}

// scores[s] = q k_s scale, for N positions from s on.
template <int N>
inline void scores_of(const CacheQuery& q, int64_t head, int64_t s, float* scores) {
  const float* query = q.query + head * q.head_size;
  Vec sums[N] = {};
  float rest[N] = {};
  int64_t i = 0;
  for (; i + kWidth <= q.head_size; i += kWidth) {
    const Vec part = load(query + i);
    for (int n = 0; n < N; ++n) sums[n] += part * load(q.rows[s + n] + head * q.head_size + i);
  }
  for (; i < q.head_size; ++i) {
    for (int n = 0; n < N; ++n) rest[n] += query[i] * q.rows[s + n][head * q.head_size + i];
  }
  for (int n = 0; n < N; ++n) scores[s + n] = (sum_by_halves(sums[n]) + rest[n]) * q.scale;
}

// C vectors of the weighted sum of the values, from column `at` on.
template <int C>
inline void values_of(const CacheQuery& q, int64_t at, const float* weights, float* output) {
  Vec sums[C] = {};
  for (int64_t s = 0; s < q.count; ++s) {
    const float* value = q.rows[s] + q.value_offset + at;
    for (int c = 0; c < C; ++c) sums[c] += weights[s] * load(value + c * kWidth);
  }
  for (int c = 0; c < C; ++c) store(output + at + c * kWidth, sums[c]);
}

inline void head_values(const CacheQuery& q, int64_t head, const float* weights, float* output) {
  int64_t at = head * q.head_size;
  const int64_t end = at + q.head_size;
  for (; at + 8 * kWidth <= end; at += 8 * kWidth) values_of<8>(q, at, weights, output);
  for (; at + 4 * kWidth <= end; at += 4 * kWidth) values_of<4>(q, at, weights, output);
  for (; at + kWidth <= end; at += kWidth) values_of<1>(q, at, weights, output);
  for (; at < end; ++at) {
    float sum = 0;
    for (int64_t s = 0; s < q.count; ++s) sum += weights[s] * q.rows[s][q.value_offset + at];
    output[at] = sum;
  }
}

void attend_cache(const CacheQuery& q, float* output, float* scores) {
  for (int64_t head = 0; head < q.heads; ++head) {
    int64_t s = 0;
    for (; s + 4 <= q.count; s += 4) scores_of<4>(q, head, s, scores);
    for (; s < q.count; ++s) scores_of<1>(q, head, s, scores);
    for (; s < padded(q.count); ++s) scores[s] = -kInfinity;
    softmax_row(scores, padded(q.count));
    head_values(q, head, scores, output);
  }
}

}  // namespace
}  // namespace dragoman::DRAGOMAN_KERNEL_VARIANT
