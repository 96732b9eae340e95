// The tile of the float32 products, of training (product_bodies.h) and of decoding (packed_product_bodies.h):
// some rows of x by one panel of two vectors of columns. Its sums fill the registers: there are 32 of the
// widest vectors, else 16.
#pragma once

#include "kernels/vector.h"

namespace dragoman::DRAGOMAN_KERNEL_VARIANT {
namespace {

constexpr int kPanelVectors = 2;
constexpr int64_t kPanel = kPanelVectors * kWidth;  // columns
constexpr int kTileRows = kWidth == 16 ? 12 : 6;

// Adds the products of one step of depth: row r of x has its element at x[r * stride + k].
template <int R>
inline void add_products(Vec (&sums)[R][kPanelVectors], const float* x, int64_t stride, int64_t k, Vec first,
                         Vec second) {
  for (int r = 0; r < R; ++r) {
    const Vec factor = broadcast(x[r * stride + k]);
    sums[r][0] += factor * first;
    sums[r][1] += factor * second;
  }
}

}  // namespace
}  // namespace dragoman::DRAGOMAN_KERNEL_VARIANT
