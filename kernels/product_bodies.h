// Matrix products for training. Included by kernels/bodies.h alone, inside the unnamed namespace of a
// variant.
//
// The usual blocks (Goto and van de Geijn 2008): some columns of b are laid out in panels of kColumns, a
// block of a that fits the second-level cache in strips of kRows, and a tile of kRows x kColumns sums stays
// in registers while it goes down kDepth steps. Each sum is added up in the order of depth, so that a row of
// c depends neither on the other rows nor on their number.

constexpr int kColumnVectors = 2;
constexpr int64_t kColumns = kColumnVectors * kWidth;
constexpr int kRows = kWidth == 16 ? 12 : 6;        // there are 32 of the widest vectors, else 16
constexpr int64_t kDepth = 384, kRowsOfBlock = 96;  // a multiple of both kRows; 147 KB
constexpr int64_t kColumnsOfSlice = 256;            // a multiple of kColumns; 98 KB of c with kRowsOfBlock
constexpr int64_t kDeepest = 6 * kDepth;            // of panels at once; 2.4 MB with kColumnsOfSlice

static_assert(kRowsOfBlock % kRows == 0 && kColumnsOfSlice % kColumns == 0);
static_assert(kRowsOfBlock * kDepth + kDeepest * kColumnsOfSlice + kDepth * 16 <= kProductScratch);

struct ProductSlice {
  const float* panels;  // of b, from pack_panels
  int64_t first_depth, depth, first_column, columns;
};

// Columns of b whose numbers stand one behind the other: kWidth columns, `depth` deep, to every kColumns-th
// place.
void turn_columns(const float* from, int64_t b_column, int64_t depth, float* to) {
  int64_t k = 0;
  for (; k + kWidth <= depth; k += kWidth) {
    Vec square[kWidth];
    for (int i = 0; i < kWidth; ++i) square[i] = load(from + i * b_column + k);
    turn(square);
    for (int i = 0; i < kWidth; ++i) store(to + (k + i) * kColumns, square[i]);
  }
  for (; k < depth; ++k) {
    for (int i = 0; i < kWidth; ++i) to[k * kColumns + i] = from[i * b_column + k];
  }
}

// b[depth][columns] --> [columns / kColumns][depth][kColumns], filled up with zeros.
void pack_panels(const Product& p, ProductSlice slice, float* to) {
  const float* from = p.b + slice.first_depth * p.b_step + slice.first_column * p.b_column;
  for (int64_t j = 0; j < slice.columns; j += kColumns, to += slice.depth * kColumns) {
    const int64_t width = slice.columns - j < kColumns ? slice.columns - j : kColumns;
    const float* panel = from + j * p.b_column;
    if (width == kColumns && p.b_column == 1) {
      for (int64_t k = 0; k < slice.depth; ++k) {
        for (int v = 0; v < kColumnVectors; ++v)
          store(to + k * kColumns + v * kWidth, load(panel + k * p.b_step + v * kWidth));
      }
    } else if (width == kColumns && p.b_step == 1) {
      for (int v = 0; v < kColumnVectors; ++v)
        turn_columns(panel + v * kWidth * p.b_column, p.b_column, slice.depth, to + v * kWidth);
    } else {
      for (int64_t k = 0; k < slice.depth; ++k) {
        for (int64_t i = 0; i < kColumns; ++i)
          to[k * kColumns + i] = i < width ? panel[i * p.b_column + k * p.b_step] : 0;
      }
    }
  }
}

// a[rows][depth] --> [rows / kRows][depth][kRows]; what fills up the last strip is never used. `readable`:
// rows that a has from here on.
void pack_strips(const float* a, int64_t a_row, int64_t a_step, int64_t rows, int64_t readable, int64_t depth,
                 float* to) {
  constexpr int kVectors = (kRows + kWidth - 1) / kWidth;
  int64_t i = 0;
  // Whole vectors, of which the next step writes over what is too much; so not at the end of a.
  for (; a_row == 1 && i < rows && i + kVectors * kWidth <= readable; i += kRows, to += depth * kRows) {
    for (int64_t k = 0; k < depth; ++k) {
      for (int v = 0; v < kVectors; ++v)
        store(to + k * kRows + v * kWidth, load(a + i + k * a_step + v * kWidth));
    }
  }
  for (; i < rows; i += kRows, to += depth * kRows) {
    const int64_t height = rows - i < kRows ? rows - i : kRows;
    for (int64_t r = 0; r < height; ++r) {
      const float* row = a + (i + r) * a_row;
      for (int64_t k = 0; k < depth; ++k) to[k * kRows + r] = row[k * a_step];
    }
  }
}

// Where the numbers of a tile's rows lie: row r, step k at from[r * row + k * step].
struct TileRows {
  const float* from;
  int64_t row, step;
};

// What a tile begins with: what c has there, a bias, or zeros.
struct TileStart {
  bool add;
  const float* bias;  // of the tile's first column, or null

  Vec at(const float* c, int64_t column) const { return add ? load(c) : bias ? load(bias + column) : Vec{}; }
};

// c = sums of R rows and a panel on top of what they start with.
template <int R>
inline void product_tile(TileRows a, const float* panel, int64_t depth, float* c, int64_t c_stride,
                         TileStart start) {
  Vec sums[R][kColumnVectors];
  for (int r = 0; r < R; ++r) {
    for (int v = 0; v < kColumnVectors; ++v) sums[r][v] = start.at(c + r * c_stride + v * kWidth, v * kWidth);
  }
  const float* x = a.from;
#pragma GCC unroll 4
  for (int64_t k = 0; k < depth; ++k, panel += kColumns, x += a.step) {
    Vec b[kColumnVectors];
    for (int v = 0; v < kColumnVectors; ++v) b[v] = load(panel + v * kWidth);
    for (int r = 0; r < R; ++r) {
      const Vec same = all(x[r * a.row]);
      for (int v = 0; v < kColumnVectors; ++v) sums[r][v] += same * b[v];
    }
  }
  for (int r = 0; r < R; ++r) {
    for (int v = 0; v < kColumnVectors; ++v) store(c + r * c_stride + v * kWidth, sums[r][v]);
  }
}

template <int R>
inline void tile_of_rows(int64_t rows, TileRows a, const float* panel, int64_t depth, float* c,
                         int64_t c_stride, TileStart start) {
  if constexpr (R > 0) {
    if (rows == R)
      product_tile<R>(a, panel, depth, c, c_stride, start);
    else
      tile_of_rows<R - 1>(rows, a, panel, depth, c, c_stride, start);
  }
}

// The last panel may have columns that c lacks: its tile is made apart.
void edge_tile(int64_t rows, int64_t columns, TileRows a, const float* panel, int64_t depth, float* c,
               int64_t c_stride, TileStart start) {
  float apart[kRows * kColumns];
  const bool begun = start.add || start.bias;
  for (int64_t r = 0; begun && r < rows; ++r) {
    for (int64_t j = 0; j < columns; ++j)
      apart[r * kColumns + j] = start.add ? c[r * c_stride + j] : start.bias[j];
  }
  tile_of_rows<kRows>(rows, a, panel, depth, apart, kColumns, {begun, nullptr});
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t j = 0; j < columns; ++j) c[r * c_stride + j] = apart[r * kColumns + j];
  }
}

// Rows first .. first+rows-1 of c, at most kRowsOfBlock of them.
void product_block(const Product& p, const ProductSlice& slice, int64_t first, int64_t rows, float* strips) {
  const float* a = p.a + first * p.a_row + slice.first_depth * p.a_step;
  const bool in_place = p.a_step == 1;  // its rows lie in the order of depth already
  if (!in_place) pack_strips(a, p.a_row, p.a_step, rows, p.rows - first, slice.depth, strips);
  const bool add = p.add || slice.first_depth > 0;
  const float* bias = p.bias && !add ? p.bias + slice.first_column : nullptr;
  for (int64_t j = 0; j < slice.columns; j += kColumns) {
    const float* panel = slice.panels + j * slice.depth;
    const int64_t columns = slice.columns - j < kColumns ? slice.columns - j : kColumns;
    for (int64_t i = 0; i < rows; i += kRows) {
      const TileRows tile =
          in_place ? TileRows{a + i * p.a_row, p.a_row, 1} : TileRows{strips + i * slice.depth, 1, kRows};
      const int64_t height = rows - i < kRows ? rows - i : kRows;
      float* c = p.c + (first + i) * p.c_stride + slice.first_column + j;
      const TileStart start{add, bias ? bias + j : nullptr};
      if (columns == kColumns)
        tile_of_rows<kRows>(height, tile, panel, slice.depth, c, p.c_stride, start);
      else
        edge_tile(height, columns, tile, panel, slice.depth, c, p.c_stride, start);
    }
  }
}

void product(const Product& p, float* scratch) {
  float *strips = scratch,
        *panels = scratch + kRowsOfBlock * kDepth + 16;  // a strip may run over by a vector
  const int64_t depth = part_size(p.depth, kDepth, 1),
                columns = part_size(p.columns, kColumnsOfSlice, kColumns);
  // Panels of all of the depth, and a block of c goes through them at once: it stays in the cache. Where rows
  // of a are laid out anew, slice by slice instead: what is read of a then lies close together.
  const int64_t deep = p.a_step == 1 && p.depth <= kDeepest ? p.depth : depth;
  for (int64_t j = 0; j < p.columns; j += columns) {
    const int64_t width = p.columns - j < columns ? p.columns - j : columns;
    for (int64_t begin = 0; begin < p.depth; begin += deep) {
      const int64_t end = p.depth - begin < deep ? p.depth : begin + deep;
      const auto slice_at = [&](int64_t k) {
        return ProductSlice{panels + (k - begin) * columns, k, end - k < depth ? end - k : depth, j, width};
      };
      for (int64_t k = begin; k < end; k += depth)
        pack_panels(p, slice_at(k), panels + (k - begin) * columns);
      for (int64_t i = 0; i < p.rows; i += kRowsOfBlock) {
        for (int64_t k = begin; k < end; k += depth)
          product_block(p, slice_at(k), i, p.rows - i < kRowsOfBlock ? p.rows - i : kRowsOfBlock, strips);
      }
    }
  }
}
