// Products of small matrices that are not packed: those of attention, whose operands stay in the first-level
// cache.
#pragma once

#include "kernels/vector.h"

namespace dragoman::DRAGOMAN_KERNEL_VARIANT {
namespace {

// A matrix that is read element by element: (i,k) at data[i * row_stride + k * column_stride].
struct ScalarMatrix {
  const float* data;
  int64_t row_stride, column_stride;
};

// Matrices that are read or written a vector of a row at a time.
struct ConstRows {
  const float* data;
  int64_t stride;
};
struct Rows {
  float* data;
  int64_t stride;
};

// R rows and C vectors of columns of c = (kAdd ? c : 0) + a b. The sums stay in registers.
template <int R, int C, bool kAdd>
[[gnu::always_inline]] inline void small_tile(int64_t depth, ScalarMatrix a, ConstRows b, Rows c) {
  Vec sums[R][C];
  for (int r = 0; r < R; ++r)
    for (int j = 0; j < C; ++j)
      sums[r][j] = kAdd ? load(c.data + r * c.stride + j * kWidth) : broadcast(0.0f);
  for (int64_t k = 0; k < depth; ++k) {
    Vec row[C];
    for (int j = 0; j < C; ++j) row[j] = load(b.data + k * b.stride + j * kWidth);
    for (int r = 0; r < R; ++r) {
      const float factor = a.data[r * a.row_stride + k * a.column_stride];
      for (int j = 0; j < C; ++j) sums[r][j] += factor * row[j];
    }
  }
  for (int r = 0; r < R; ++r)
    for (int j = 0; j < C; ++j) store(c.data + r * c.stride + j * kWidth, sums[r][j]);
}

// R rows of c, all columns.
template <int R, bool kAdd>
inline void small_rows(int64_t columns, int64_t depth, ScalarMatrix a, ConstRows b, Rows c) {
  int64_t j = 0;
  for (; j + 2 * kWidth <= columns; j += 2 * kWidth)
    small_tile<R, 2, kAdd>(depth, a, {b.data + j, b.stride}, {c.data + j, c.stride});
  if (j < columns) small_tile<R, 1, kAdd>(depth, a, {b.data + j, b.stride}, {c.data + j, c.stride});
}

// c [rows,columns] = (kAdd ? c : 0) + a [rows,depth] b [depth,columns]. columns: a multiple of kWidth.
template <bool kAdd>
void multiply(int64_t rows, int64_t columns, int64_t depth, ScalarMatrix a, ConstRows b, Rows c) {
  const auto a_at = [&](int64_t i) {
    return ScalarMatrix{a.data + i * a.row_stride, a.row_stride, a.column_stride};
  };
  const auto c_at = [&](int64_t i) { return Rows{c.data + i * c.stride, c.stride}; };
  int64_t i = 0;
  for (; i + 6 <= rows; i += 6) small_rows<6, kAdd>(columns, depth, a_at(i), b, c_at(i));
  for (; i + 2 <= rows; i += 2) small_rows<2, kAdd>(columns, depth, a_at(i), b, c_at(i));
  if (i < rows) small_rows<1, kAdd>(columns, depth, a_at(i), b, c_at(i));
}

}  // namespace
}  // namespace dragoman::DRAGOMAN_KERNEL_VARIANT
