// Vectors of kWidth floats in the vector extension of g++ and clang: one source for every instruction set.
#pragma once

#include "kernels/target.h"

namespace dragoman::DRAGOMAN_KERNEL_VARIANT {
namespace {

typedef float Vec __attribute__((vector_size(4 * kWidth)));
typedef int32_t IntVec __attribute__((vector_size(4 * kWidth)));
typedef uint32_t UintVec __attribute__((vector_size(4 * kWidth)));

inline Vec load(const float* from) {
  Vec v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}
inline void store(float* to, Vec v) {
  __builtin_memcpy(to, &v, sizeof v);
}
inline Vec broadcast(float x) {
  return x - Vec{};  // Vec{} + x would turn -0 into 0, and the compiler would have to add
}
inline float reduce_sum(Vec v) {
  float sum = 0;
  for (int i = 0; i < kWidth; ++i) sum += v[i];
  return sum;
}
inline float reduce_max(Vec v) {
  float largest = v[0];
  for (int i = 1; i < kWidth; ++i) largest = v[i] > largest ? v[i] : largest;
  return largest;
}
// Element i of the result is element places[i] of a followed by b.
inline Vec shuffle(Vec a, Vec b, IntVec places) {
#ifdef __clang__  // its builtin takes only constant places
  Vec result;
  for (int i = 0; i < kWidth; ++i) result[i] = places[i] < kWidth ? a[places[i]] : b[places[i] - kWidth];
  return result;
#else
  return __builtin_shuffle(a, b, places);
#endif
}

// Transposes the square matrix of kWidth vectors, by exchanging blocks of 1, 2, 4, .. elements.
template <int S = 1>
inline void transpose(Vec (&rows)[kWidth]) {
  if constexpr (S < kWidth) {
    IntVec first, second;
    for (int i = 0; i < kWidth; ++i) {
      first[i] = (i & S) == 0 ? i : kWidth + i - S;
      second[i] = (i & S) == 0 ? i + S : kWidth + i;
    }
    for (int i = 0; i < kWidth; ++i) {
      if ((i & S) != 0) continue;
      const Vec a = rows[i], b = rows[i + S];
      rows[i] = shuffle(a, b, first);
      rows[i + S] = shuffle(a, b, second);
    }
    transpose<2 * S>(rows);
  }
}
inline Vec max(Vec a, Vec b) {
  return a > b ? a : b;
}

// e^x to 2 units in the last place; 0 for x < -87 and for -inf. exp(x) = 2^n e^r with n = round(x / ln 2).
// e^r is its Taylor polynomial of degree 6 (|r| <= 0.35).
inline Vec exp_of(Vec x) {
  const Vec bounded = x < -88.0f ? broadcast(-88.0f) : x;  // NaN stays NaN
  const Vec magic = broadcast(12582912.0f);                // 1.5 * 2^23: adding it rounds to an integer
  const Vec n = (bounded * 1.44269504f + magic) - magic;
  const Vec r = (bounded - n * 0.693145752f) - n * 1.42860677e-6f;  // ln 2 in two parts
  Vec p = broadcast(1.0f / 720) * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const IntVec exponent = (__builtin_convertvector(n, IntVec) + 127) << 23;
  const Vec power = (Vec)exponent;
  return x < -87.0f ? broadcast(0.0f) : p * power;
}

}  // namespace
}  // namespace dragoman::DRAGOMAN_KERNEL_VARIANT
