// Operands of matrix products, as they are packed.
#pragma once

#include "kernels/vector.h"

namespace dragoman::DRAGOMAN_KERNEL_VARIANT {
namespace {

// The rows of a or the columns of b, each of them a line of the product's depth: element k of line l is
// data[l * line_stride + k * depth_stride].
struct Operand {
  const float* data;
  int64_t line_stride, depth_stride;

  Operand at(int64_t l, int64_t k) const {
    return {data + l * line_stride + k * depth_stride, line_stride, depth_stride};
  }
};

// Splits `length` into about equal parts of at most `limit`. Returns their size, rounded up to a multiple.
inline int64_t part_size(int64_t length, int64_t limit, int64_t multiple) {
  const int64_t parts = (length + limit - 1) / limit, even = (length + parts - 1) / parts;
  return (even + multiple - 1) / multiple * multiple;
}

#if defined(__AVX512F__)
inline __mmask16 mask_of_first(int64_t count) {
  return count >= kWidth ? 0xFFFF : (1 << (count > 0 ? count : 0)) - 1;
}
// The first `count` elements, zero-padded. Memory after them is not touched.
inline Vec load_first(const float* from, int64_t count) {
  return _mm512_maskz_loadu_ps(mask_of_first(count), from);
}
inline void store_first(float* to, Vec v, int64_t count) {
  _mm512_mask_storeu_ps(to, mask_of_first(count), v);
}
#endif

}  // namespace
}  // namespace dragoman::DRAGOMAN_KERNEL_VARIANT
