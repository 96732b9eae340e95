// Matrix products in float16, for processors whose arithmetic has it (AVX512-FP16: twice the numbers a
// vector, and more than twice the multiplications a second). Included by kernels/bodies.h alone, inside the
// unnamed namespace of a variant.
//
// Numbers keep their size by a power of two for every block of an operand (as Micikevicius et al., ICLR 2018,
// scale the loss): its largest becomes 8 to 16, so that whatever is 2^-18 of it or more keeps all 11 bits. A
// register adds up kHalfChunk products at most, 64 * 16 * 16 < 65504, and is then added to sums in float32.
//
// Two neighbouring steps of depth, a pair, stand side by side in 32 bits: a register sums the even steps of
// 16 columns and the odd ones, and one instruction brings a pair of a to all its places. (Bringing one number
// of 16 bits to all 32 places costs half the speed.)

#if defined(__AVX512FP16__)

typedef _Float16 HalfFloats __attribute__((vector_size(2 * kWidth)));  // kWidth numbers
typedef _Float16 Pairs __attribute__((vector_size(4 * kWidth)));       // kWidth pairs

constexpr int kHalfRows = 12, kHalfColumns = 2 * kWidth;  // of a tile
constexpr int64_t kHalfChunk = 64;                        // pairs
constexpr int kHalfTop = 4;                               // a scaled number is below 2^4
constexpr int64_t kHalfDepth = 512, kHalfSlices = 4;      // of a slice; slices that are laid out at once
constexpr int64_t kHalfRowsOfBlock = 96, kHalfBlocks = 42, kHalfColumnsOfSlice = 256;
constexpr int64_t kHalfStrips = int64_t{1} << 20;                                    // pairs of a; 4 MB
constexpr int64_t kHalfPanels = kHalfSlices * kHalfDepth / 2 * kHalfColumnsOfSlice;  // pairs of b; 1 MB

static_assert(kHalfRowsOfBlock % kHalfRows == 0 && kHalfColumnsOfSlice % kHalfColumns == 0);
static_assert(kHalfRowsOfBlock * kHalfSlices * kHalfDepth / 2 <= kHalfStrips);
static_assert(kHalfStrips + kHalfPanels <= kProductScratch);

// Rows of a or columns of b: number k of line l at from[l * line + k * step].
struct Lines {
  const float* from;
  int64_t line, step;

  Lines at(int64_t l, int64_t k) const { return {from + l * line + k * step, line, step}; }
};

inline __mmask16 first_of(int64_t count) {
  return static_cast<__mmask16>(count >= kWidth ? 0xFFFF : (1 << (count > 0 ? count : 0)) - 1);
}
// The first `count` numbers, then zeros; nothing behind them is touched.
inline Vec load_first(const float* from, int64_t count) {
  return _mm512_maskz_loadu_ps(first_of(count), from);
}
inline Vec size_of(Vec v) {
  return _mm512_abs_ps(v);
}
inline void store_first(float* to, Vec v, int64_t count) {
  _mm512_mask_storeu_ps(to, first_of(count), v);
}

// The power of two that makes the largest of these numbers 8 to 16.
float scale_of(const Lines& m, int64_t lines, int64_t depth) {
  const bool along = m.step == 1;
  const int64_t outer = along ? lines : depth, inner = along ? depth : lines,
                outer_stride = along ? m.line : m.step, inner_stride = along ? m.step : m.line;
  Vec most = all(0.0f), more = all(0.0f);
  float largest = 0;
  for (int64_t i = 0; i < outer; ++i) {
    const float* row = m.from + i * outer_stride;
    int64_t k = 0;
    if (inner_stride == 1) {
      for (; k + 2 * kWidth <= inner; k += 2 * kWidth) {
        most = larger(size_of(load(row + k)), most);
        more = larger(size_of(load(row + k + kWidth)), more);
      }
      for (; k < inner; k += kWidth) most = larger(size_of(load_first(row + k, inner - k)), most);
    }
    for (; k < inner; ++k) {
      const float size = __builtin_fabsf(row[k * inner_stride]);
      largest = size > largest ? size : largest;  // not NaN, which stays one in any size
    }
  }
  const float of_vectors = largest_of(larger(most, more));
  largest = of_vectors > largest ? of_vectors : largest;
  uint32_t bits;
  __builtin_memcpy(&bits, &largest, sizeof bits);
  int exponent = kHalfTop - 1 + 127 - static_cast<int>(bits >> 23);
  exponent = exponent > 60 ? 60 : exponent < -60 ? -60 : exponent;
  bits = static_cast<uint32_t>(exponent + 127) << 23;
  float scale;
  __builtin_memcpy(&scale, &bits, sizeof scale);
  return scale;
}

inline HalfFloats narrowed(Vec v) {
  return __builtin_convertvector(v, HalfFloats);
}
typedef uint16_t Shorts __attribute__((vector_size(2 * kWidth)));
// Pairs from first and second numbers of each.
inline Vec paired(Vec first, Vec second) {
  const UintVec low = __builtin_convertvector((Shorts)narrowed(first), UintVec),
                high = __builtin_convertvector((Shorts)narrowed(second), UintVec);
  return (Vec)(low | high << 16);
}

// At most L lines --> [ceil(depth / 2)][L] pairs, filled up with zeros.
template <int L>
void pack_pairs(const Lines& m, int64_t lines, int64_t depth, float scale, float* to) {
  if (m.step == 1) {
    for (int64_t k = 0; k < depth; k += 2 * kWidth) {
      const int64_t left = depth - k, pairs = left >= 2 * kWidth ? kWidth : (left + 1) / 2;
      for (int v = 0; v < L; v += kWidth) {
        Vec square[kWidth];
        for (int i = 0; i < kWidth; ++i) {
          square[i] = all(0.0f);
          if (v + i >= L || v + i >= lines) continue;
          const float* line = m.from + (v + i) * m.line + k;
          HalfFloats both[2];
          if (left >= 2 * kWidth) {
            both[0] = narrowed(load(line) * scale), both[1] = narrowed(load(line + kWidth) * scale);
          } else {
            both[0] = narrowed(load_first(line, left) * scale);
            both[1] = narrowed(load_first(line + kWidth, left - kWidth) * scale);
          }
          __builtin_memcpy(&square[i], both, sizeof both);
        }
        turn(square);
        for (int64_t i = 0; i < pairs; ++i) store_first(to + (k / 2 + i) * L + v, square[i], L - v);
      }
    }
    return;
  }
  for (int64_t k = 0; k < depth; k += 2, to += L) {
    const float* even = m.from + k * m.step;
    for (int v = 0; v < L; v += kWidth) {
      Vec first = all(0.0f), second = all(0.0f);
      if (m.line == 1) {
        first = load_first(even + v, lines - v);
        if (k + 1 < depth) second = load_first(even + m.step + v, lines - v);
      } else {
        for (int i = 0; i < kWidth && v + i < lines; ++i) {
          first[i] = even[(v + i) * m.line];
          if (k + 1 < depth) second[i] = even[(v + i) * m.line + m.step];
        }
      }
      store_first(to + v, paired(first * scale, second * scale), L - v);
    }
  }
}

// Where a tile's sums go: scale times them, for the first rows and columns of it.
struct TileTarget {
  float* c;
  int64_t c_stride, rows, columns;
  bool add;
  float scale;

  TileTarget from(int64_t r, int64_t j) const {
    return {c + r * c_stride + j, c_stride, rows - r, columns - j, add, scale};
  }
};

// sums[r][v]: of row r and kWidth/2 columns, even and odd steps in turn; [kHalfRows][2 *
// kHalfColumns/kWidth].
inline void store_half_tile(const Vec (*sums)[4], const TileTarget& to) {
  IntVec even, odd;
  for (int i = 0; i < kWidth; ++i) even[i] = 2 * i, odd[i] = 2 * i + 1;
  for (int64_t r = 0; r < kHalfRows && r < to.rows; ++r) {
    for (int v = 0; v < 2; ++v) {
      const Vec first = sums[r][2 * v], second = sums[r][2 * v + 1];
      const Vec sum = (shuffled(first, second, even) + shuffled(first, second, odd)) * to.scale;
      float* c = to.c + r * to.c_stride + v * kWidth;
      const int64_t count = to.columns - v * kWidth;
      store_first(c, to.add ? load_first(c, count) + sum : sum, count);
    }
  }
}

// strip: [pairs][kHalfRows]; panel: [pairs][kHalfColumns].
void half_tile(const float* strip, const float* panel, int64_t pairs, const TileTarget& to) {
  Vec sums[kHalfRows][4];
  for (int64_t begin = 0; begin < pairs; begin += kHalfChunk) {
    const int64_t end = begin + kHalfChunk < pairs ? begin + kHalfChunk : pairs;
    Pairs part[kHalfRows][2];
    for (int r = 0; r < kHalfRows; ++r) part[r][0] = part[r][1] = Pairs{};
#pragma GCC unroll 2
    for (int64_t k = begin; k < end; ++k, strip += kHalfRows, panel += kHalfColumns) {
      const Pairs b[2] = {(Pairs)load(panel), (Pairs)load(panel + kWidth)};
      for (int r = 0; r < kHalfRows; ++r) {
        const Pairs same = (Pairs)_mm512_set1_epi32(reinterpret_cast<const int32_t*>(strip)[r]);
        for (int v = 0; v < 2; ++v) part[r][v] += same * b[v];
      }
    }
    for (int r = 0; r < kHalfRows; ++r) {
      for (int v = 0; v < 2; ++v) {
        const Vec low = _mm512_cvtxph_ps(_mm512_castph512_ph256((__m512h)part[r][v]));
        const Vec high = _mm512_cvtxph_ps((__m256h)_mm512_extractf64x4_pd((__m512d)part[r][v], 1));
        sums[r][2 * v] = begin == 0 ? low : sums[r][2 * v] + low;
        sums[r][2 * v + 1] = begin == 0 ? high : sums[r][2 * v + 1] + high;
      }
    }
  }
  store_half_tile(sums, to);
}

// Lines laid out for tiles: slice after slice of depth, each [ceil(lines / L)][ceil(slice / 2)][L] pairs.
struct Packed {
  const float* pairs;
  float scales[kHalfSlices];  // of each slice
};

template <int L>
Packed pack_lines(const Lines& m, int64_t lines, int64_t depth, int64_t slice, float* to) {
  Packed packed{to, {}};
  for (int64_t k = 0; k < depth; k += slice) {
    const int64_t steps = depth - k < slice ? depth - k : slice;
    const float scale = packed.scales[k / slice] = scale_of(m.at(0, k), lines, steps);
    for (int64_t l = 0; l < lines; l += L, to += (steps + 1) / 2 * L)
      pack_pairs<L>(m.at(l, k), lines - l < L ? lines - l : L, steps, scale, to);
  }
  return packed;
}

// to: of the first row and column of both; its scale is set here.
void multiply_packed(const Packed& a, const Packed& b, int64_t depth, int64_t slice, TileTarget to) {
  const int64_t strips = (to.rows + kHalfRows - 1) / kHalfRows,
                panels = (to.columns + kHalfColumns - 1) / kHalfColumns;
  const float *strip = a.pairs, *panel = b.pairs;
  for (int64_t k = 0; k < depth; k += slice, to.add = true) {
    const int64_t pairs = ((depth - k < slice ? depth - k : slice) + 1) / 2;
    to.scale = 1 / (a.scales[k / slice] * b.scales[k / slice]);
    for (int64_t j = 0; j < panels; ++j, panel += pairs * kHalfColumns) {
      for (int64_t i = 0; i < strips; ++i)
        half_tile(strip + i * pairs * kHalfRows, panel, pairs, to.from(i * kHalfRows, j * kHalfColumns));
    }
    strip += strips * pairs * kHalfRows;
  }
}

void half_product(const Product& p, float* scratch) {
  float *strips = scratch, *panels = scratch + kHalfStrips;
  const Lines a{p.a, p.a_row, p.a_step}, b{p.b, p.b_column, p.b_step};
  const int64_t slice = part_size(p.depth, kHalfDepth, 2), deep = kHalfSlices * slice,
                columns = part_size(p.columns, kHalfColumnsOfSlice, kHalfColumns);
  for (int64_t k = 0; k < p.depth; k += deep) {
    const int64_t depth = p.depth - k < deep ? p.depth - k : deep;
    const int64_t of_block = kHalfRowsOfBlock * ((depth + 1) / 2), fitting = kHalfStrips / of_block;
    const int64_t group = kHalfRowsOfBlock * (fitting < kHalfBlocks ? fitting : kHalfBlocks);
    for (int64_t first = 0; first < p.rows; first += group) {
      const int64_t end = p.rows - first < group ? p.rows : first + group;
      const auto height = [&](int64_t i) { return end - i < kHalfRowsOfBlock ? end - i : kHalfRowsOfBlock; };
      Packed blocks[kHalfBlocks];
      Packed* block = blocks;
      for (int64_t i = first; i < end; i += kHalfRowsOfBlock, ++block)
        *block =
            pack_lines<kHalfRows>(a.at(i, k), height(i), depth, slice, strips + (block - blocks) * of_block);
      for (int64_t j = 0; j < p.columns; j += columns) {
        const int64_t width = p.columns - j < columns ? p.columns - j : columns;
        const Packed panel = pack_lines<kHalfColumns>(b.at(j, k), width, depth, slice, panels);
        block = blocks;
        for (int64_t i = first; i < end; i += kHalfRowsOfBlock, ++block)
          multiply_packed(*block, panel, depth, slice,
                          {p.c + i * p.c_stride + j, p.c_stride, height(i), width, p.add || k > 0, 1});
      }
    }
  }
}

#endif
