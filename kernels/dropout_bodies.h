// Dropout: see DropoutDraw.
#pragma once

#include "kernels/kernels.h"
#include "kernels/vector.h"

namespace dragoman::DRAGOMAN_KERNEL_VARIANT {
namespace {

// The finaliser of MurmurHash3 (Appleby) over a Weyl sequence: every bit of the index and of the seed affects
// every bit of the result. It uses 32 bits, so a whole vector is hashed at once.
template <typename T>
inline T hashed(T index, uint32_t seed) {
  T h = index * 0x9E3779B9u + seed;
  h = (h ^ (h >> 16)) * 0x85EBCA6Bu;
  h = (h ^ (h >> 13)) * 0xC2B2AE35u;
  return h ^ (h >> 16);
}

// Drops elements begin, begin+1, .. of one draw. After 2^32 elements it continues with another seed.
class Dropper {
 public:
  Dropper(const DropoutDraw& draw, uint64_t begin)
      : draw_(draw),
        seed_(draw.seed ^ (draw.seed >> 32) ^ hashed<uint32_t>(begin >> 32, 0x5851F42Du)),
        index_(begin) {
    for (int i = 0; i < kWidth; ++i) steps_[i] = i;
  }
  // x: the elements from begin+i on.
  Vec operator()(Vec x, int64_t i) const {
    const uint32_t index = index_ + i;
    const UintVec h = hashed(steps_ + index, seed_);
    return h < draw_.threshold ? broadcast(0.0f) : x * draw_.scale;
  }
  float one(float x, int64_t i) const {
    return hashed<uint32_t>(index_ + i, seed_) < draw_.threshold ? 0.0f : x * draw_.scale;
  }

 private:
  DropoutDraw draw_;
  uint32_t seed_, index_;  // the lower halves
  UintVec steps_;
};

void dropout(const float* from, float* to, int64_t first, int64_t count, const DropoutDraw& draw) {
  const Dropper drop(draw, first);
  int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) store(to + i, drop(load(from + i), i));
  for (; i < count; ++i) to[i] = drop.one(from[i], i);
}

}  // namespace
}  // namespace dragoman::DRAGOMAN_KERNEL_VARIANT
