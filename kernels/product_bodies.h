// Matrix products for training in float32.
//
// The blocking is that of Goto and van de Geijn (2008). A slice of columns of b is packed in panels of kPanel
// columns. A block of a that fits the second-level cache is packed in strips of kTileRows rows. A tile of
// kTileRows x kPanel sums stays in registers for kDepth steps. Each sum is added up in the order of depth: a
// row of c depends neither on the other rows nor on their number.
#pragma once

#include "kernels/kernels.h"
#include "kernels/operand.h"
#include "kernels/tile.h"
#include "kernels/vector.h"

namespace dragoman::DRAGOMAN_KERNEL_VARIANT {
namespace {

constexpr int64_t kDepth = 384, kBlockRows = 96;  // a multiple of kTileRows; 147 KB
constexpr int64_t kSliceColumns = 256;            // a multiple of kPanel; 98 KB of c with kBlockRows
constexpr int64_t kMaxDepth = 6 * kDepth;         // of panels at once; 2.4 MB with kSliceColumns

static_assert(kBlockRows % kTileRows == 0 && kSliceColumns % kPanel == 0);
static_assert(kBlockRows * kDepth + kMaxDepth * kSliceColumns + kDepth * 16 <= kProductScratch);

struct ProductSlice {
  const float* panels;  // of b, from pack_panels
  int64_t first_depth, depth, first_column, columns;
};

// Transposes kWidth contiguous columns of b, `depth` steps, into rows at stride kPanel.
void transpose_columns(const float* from, int64_t b_column, int64_t depth, float* to) {
  int64_t k = 0;
  for (; k + kWidth <= depth; k += kWidth) {
    Vec square[kWidth];
    for (int i = 0; i < kWidth; ++i) square[i] = load(from + i * b_column + k);
    transpose(square);
    for (int i = 0; i < kWidth; ++i) store(to + (k + i) * kPanel, square[i]);
  }
  for (; k < depth; ++k) {
    for (int i = 0; i < kWidth; ++i) to[k * kPanel + i] = from[i * b_column + k];
  }
}

// b[depth][columns] --> [columns / kPanel][depth][kPanel], zero-padded.
void pack_panels(const Product& p, ProductSlice slice, float* to) {
  const float* from = p.b + slice.first_depth * p.b_step + slice.first_column * p.b_column;
  for (int64_t j = 0; j < slice.columns; j += kPanel, to += slice.depth * kPanel) {
    const int64_t width = slice.columns - j < kPanel ? slice.columns - j : kPanel;
    const float* panel = from + j * p.b_column;
    if (width == kPanel && p.b_column == 1) {
      for (int64_t k = 0; k < slice.depth; ++k) {
        for (int v = 0; v < kPanelVectors; ++v)
          store(to + k * kPanel + v * kWidth, load(panel + k * p.b_step + v * kWidth));
      }
    } else if (width == kPanel && p.b_step == 1) {
      for (int v = 0; v < kPanelVectors; ++v)
        transpose_columns(panel + v * kWidth * p.b_column, p.b_column, slice.depth, to + v * kWidth);
    } else {
      for (int64_t k = 0; k < slice.depth; ++k) {
        for (int64_t i = 0; i < kPanel; ++i)
          to[k * kPanel + i] = i < width ? panel[i * p.b_column + k * p.b_step] : 0;
      }
    }
  }
}

// a[rows][depth] --> [rows / kTileRows][depth][kTileRows]. The padding of the last strip is never used.
// `readable`: rows of a from here to its end.
void pack_strips(const Operand& a, int64_t rows, int64_t readable, int64_t depth, float* to) {
  constexpr int kVectors = (kTileRows + kWidth - 1) / kWidth;
  int64_t i = 0;
  // Whole vectors, which is only possible before the end of a. The next step overwrites what is too much.
  for (; a.line_stride == 1 && i < rows && i + kVectors * kWidth <= readable;
       i += kTileRows, to += depth * kTileRows) {
    for (int64_t k = 0; k < depth; ++k) {
      for (int v = 0; v < kVectors; ++v)
        store(to + k * kTileRows + v * kWidth, load(a.data + i + k * a.depth_stride + v * kWidth));
    }
  }
  for (; i < rows; i += kTileRows, to += depth * kTileRows) {
    const int64_t height = rows - i < kTileRows ? rows - i : kTileRows;
    for (int64_t r = 0; r < height; ++r) {
      const float* row = a.data + (i + r) * a.line_stride;
      for (int64_t k = 0; k < depth; ++k) to[k * kTileRows + r] = row[k * a.depth_stride];
    }
  }
}

// The initial value of a tile's sums: what c holds, a bias, or zeros.
struct TileStart {
  bool add;
  const float* bias;  // of the tile's first column, or null

  Vec at(const float* c, int64_t column) const { return add ? load(c) : bias ? load(bias + column) : Vec{}; }
};

// Some rows of a by a panel, `depth` steps.
struct TileProduct {
  Operand a;
  const float* panel;
  int64_t depth;
  float* c;
  int64_t c_stride;
  TileStart start;
};

template <int R>
inline void product_tile(TileProduct t) {
  Vec sums[R][kPanelVectors];
  for (int r = 0; r < R; ++r) {
    for (int v = 0; v < kPanelVectors; ++v)
      sums[r][v] = t.start.at(t.c + r * t.c_stride + v * kWidth, v * kWidth);
  }
  const float *x = t.a.data, *panel = t.panel;
#pragma GCC unroll 4
  for (int64_t k = 0; k < t.depth; ++k, panel += kPanel, x += t.a.depth_stride) {
    add_products(sums, x, t.a.line_stride, 0, load(panel), load(panel + kWidth));
  }
  for (int r = 0; r < R; ++r) {
    for (int v = 0; v < kPanelVectors; ++v) store(t.c + r * t.c_stride + v * kWidth, sums[r][v]);
  }
}

// A tile of `rows` rows, 1 .. R.
template <int R>
inline void product_tile_of(int64_t rows, TileProduct t) {
  if constexpr (R > 0) {
    if (rows == R)
      product_tile<R>(t);
    else
      product_tile_of<R - 1>(rows, t);
  }
}

// A tile of the last panel, whose padding c does not have: its sums are stored in a buffer first.
void product_edge_tile(int64_t rows, int64_t columns, const TileProduct& t) {
  float buffer[kTileRows * kPanel];
  const bool has_initial = t.start.add || t.start.bias;
  for (int64_t r = 0; has_initial && r < rows; ++r) {
    for (int64_t j = 0; j < columns; ++j)
      buffer[r * kPanel + j] = t.start.add ? t.c[r * t.c_stride + j] : t.start.bias[j];
  }
  product_tile_of<kTileRows>(rows, {t.a, t.panel, t.depth, buffer, kPanel, {has_initial, nullptr}});
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t j = 0; j < columns; ++j) t.c[r * t.c_stride + j] = buffer[r * kPanel + j];
  }
}

// Rows first .. first+rows-1 of c, at most kBlockRows of them.
void product_block(const Product& p, const ProductSlice& slice, int64_t first, int64_t rows, float* strips) {
  const Operand a{p.a + first * p.a_row + slice.first_depth * p.a_step, p.a_row, p.a_step};
  const bool in_place = p.a_step == 1;  // the rows of a are contiguous in depth already
  if (!in_place) pack_strips(a, rows, p.rows - first, slice.depth, strips);
  const bool add = p.add || slice.first_depth > 0;
  const float* bias = p.bias && !add ? p.bias + slice.first_column : nullptr;
  for (int64_t j = 0; j < slice.columns; j += kPanel) {
    const float* panel = slice.panels + j * slice.depth;
    const int64_t columns = slice.columns - j < kPanel ? slice.columns - j : kPanel;
    for (int64_t i = 0; i < rows; i += kTileRows) {
      const Operand rows_of_tile = in_place ? Operand{a.data + i * p.a_row, p.a_row, 1}
                                            : Operand{strips + i * slice.depth, 1, kTileRows};
      const int64_t height = rows - i < kTileRows ? rows - i : kTileRows;
      const TileProduct tile{rows_of_tile, panel,
                             slice.depth,  p.c + (first + i) * p.c_stride + slice.first_column + j,
                             p.c_stride,   {add, bias ? bias + j : nullptr}};
      if (columns == kPanel)
        product_tile_of<kTileRows>(height, tile);
      else
        product_edge_tile(height, columns, tile);
    }
  }
}

void product(const Product& p, float* scratch) {
  float *strips = scratch,
        *panels = scratch + kBlockRows * kDepth + 16;  // pack_strips may store a vector too many
  const int64_t depth = part_size(p.depth, kDepth, 1), columns = part_size(p.columns, kSliceColumns, kPanel);
  // Panels of the whole depth, which a block of c passes at once: it stays in the cache. Where rows of a have
  // to be packed, one slice of depth after the other instead: what is read of a is then close together.
  const int64_t deep = p.a_step == 1 && p.depth <= kMaxDepth ? p.depth : depth;
  for (int64_t j = 0; j < p.columns; j += columns) {
    const int64_t width = p.columns - j < columns ? p.columns - j : columns;
    for (int64_t begin = 0; begin < p.depth; begin += deep) {
      const int64_t end = p.depth - begin < deep ? p.depth : begin + deep;
      const auto slice_at = [&](int64_t k) {
        return ProductSlice{panels + (k - begin) * columns, k, end - k < depth ? end - k : depth, j, width};
      };
      for (int64_t k = begin; k < end; k += depth)
        pack_panels(p, slice_at(k), panels + (k - begin) * columns);
      for (int64_t i = 0; i < p.rows; i += kBlockRows) {
        for (int64_t k = begin; k < end; k += depth)
          product_block(p, slice_at(k), i, p.rows - i < kBlockRows ? p.rows - i : kBlockRows, strips);
      }
    }
  }
}

}  // namespace
}  // namespace dragoman::DRAGOMAN_KERNEL_VARIANT
