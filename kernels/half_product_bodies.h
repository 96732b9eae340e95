// Matrix products in float16, for processors whose arithmetic has it (AVX512-FP16: twice the numbers a
// vector, and more than twice the multiplications a second). Included by kernels/bodies.h alone, inside the
// unnamed namespace of a variant.
//
// Numbers keep their size by a power of two for every block of an operand (as Micikevicius et al., ICLR 2018,
// scale the loss): its largest becomes 1/4 to 16, so that whatever is 2^-12 of it or more keeps all 11 bits.
// A register adds up the products of one slice of depth, kHalfDepth / 2 * 16 * 16 < 65504; slices are added
// up in float32. A panel of a slice, 32 KB, and a strip stay in the first-level cache.
//
// Two neighbouring steps of depth, a pair, stand side by side in 32 bits: a register sums the even steps of
// 16 columns and the odd ones, and one instruction brings a pair of a to all its places. (Bringing one number
// of 16 bits to all 32 places costs half the speed.)

#if defined(__AVX512FP16__)

typedef _Float16 HalfFloats __attribute__((vector_size(2 * kWidth)));  // kWidth numbers
typedef _Float16 Pairs __attribute__((vector_size(4 * kWidth)));       // kWidth pairs

constexpr int kHalfRows = 6, kHalfVectors = 4;        // of a tile: 24 registers of sums
constexpr int kHalfColumns = kHalfVectors * kWidth;   // of a tile and a panel
constexpr int kHalfStripRows = 2 * kHalfRows;         // of a strip
constexpr int kHalfTop = 4;                           // a scaled number is below 2^4 ..
constexpr float kHalfLargest = 1 << kHalfTop;         // .. and the largest of a slice at most 2^6 below
constexpr int64_t kHalfDepth = 256, kHalfSlices = 8;  // of a slice; slices that are laid out at once
constexpr int64_t kHalfRowsOfBlock = 96, kHalfBlocks = 42, kHalfColumnsOfSlice = 256;
constexpr int64_t kHalfStrips = int64_t{1} << 20;                                    // pairs of a; 4 MB
constexpr int64_t kHalfPanels = kHalfSlices * kHalfDepth / 2 * kHalfColumnsOfSlice;  // pairs of b; 1 MB

static_assert(kHalfDepth / 2 * kHalfLargest * kHalfLargest < 65504);  // the largest number of float16
static_assert(kHalfRowsOfBlock % kHalfStripRows == 0 && kHalfColumnsOfSlice % kHalfColumns == 0);
static_assert(kHalfRowsOfBlock * kHalfSlices * kHalfDepth / 2 <= kHalfStrips);
static_assert(kHalfStrips + kHalfPanels <= kProductScratch);

inline Vec larger_size(Vec v, Vec most) {
  return _mm512_max_ps(_mm512_abs_ps(v), most);  // most, where v is NaN
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
        most = larger_size(load(row + k), most);
        more = larger_size(load(row + k + kWidth), more);
      }
      for (; k < inner; k += kWidth) most = larger_size(load_first(row + k, inner - k), most);
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
// The numbers of both, one behind the other.
inline Vec joined(Vec first, Vec second) {
  return (Vec)_mm512_inserti64x4(_mm512_castsi256_si512((__m256i)narrowed(first)), (__m256i)narrowed(second),
                                 1);
}
// Pairs from first and second numbers of each.
inline Vec paired(Vec first, Vec second) {
  typedef uint16_t Places __attribute__((vector_size(4 * kWidth)));
  Places places;
  for (int i = 0; i < kWidth; ++i) places[2 * i] = i, places[2 * i + 1] = kWidth + i;
  return (Vec)_mm512_permutexvar_epi16((__m512i)places, (__m512i)joined(first, second));
}

// Packs numbers scaled, and notes the largest of them.
struct Scaler {
  float scale;
  Vec most = all(0.0f);

  Vec operator()(Vec x) {
    const Vec scaled = x * scale;
    most = larger_size(scaled, most);
    return scaled;
  }
};

// 2 * kWidth numbers of a line, scaled, as kWidth pairs.
inline Vec pairs_of(const float* line, Scaler& scaled) {
  return joined(scaled(load(line)), scaled(load(line + kWidth)));
}
// The same of a line that ends after `left` numbers, filled up with zeros.
inline Vec pairs_of_rest(const float* line, int64_t left, Scaler& scaled) {
  return joined(scaled(load_first(line, left)), scaled(load_first(line + kWidth, left - kWidth)));
}

// At most L lines --> [ceil(depth / 2)][L] pairs, filled up with zeros. Along: the numbers of a line stand
// one behind the other. The L lines behind are sent for meanwhile: they come next.
template <int L>
void pack_along(const Lines& m, int64_t lines, int64_t depth, Scaler& scaled, float* to) {
  for (int v = 0; v < L; v += kWidth) {
    const int height = L - v < kWidth ? L - v : kWidth;  // lines of this square, at most
    for (int64_t k = 0; k < depth; k += 2 * kWidth) {
      const float* from = m.from + v * m.line + k;
      const int64_t left = depth - k, pairs = left >= 2 * kWidth ? kWidth : (left + 1) / 2;
      Vec square[kWidth];
      if (v + height <= lines && left >= 2 * kWidth) {
#pragma GCC unroll 16
        for (int i = 0; i < kWidth; ++i) {
          square[i] = i < height ? pairs_of(from + i * m.line, scaled) : all(0.0f);
          __builtin_prefetch(from + (i + L) * m.line);
          __builtin_prefetch(from + (i + L) * m.line + kWidth);
        }
        turn(square);
#pragma GCC unroll 16
        for (int i = 0; i < kWidth; ++i) store_first(to + (k / 2 + i) * L + v, square[i], height);
      } else {
        for (int i = 0; i < kWidth; ++i)
          square[i] =
              i < height && v + i < lines ? pairs_of_rest(from + i * m.line, left, scaled) : all(0.0f);
        turn(square);
        for (int64_t i = 0; i < pairs; ++i) store_first(to + (k / 2 + i) * L + v, square[i], height);
      }
    }
  }
}

// Across: the lines stand one beside the other, or no two numbers stand together. All lines of a pair of
// steps at once, [ceil(lines / L)][ceil(depth / 2)][L] pairs, so that memory is read in its own order; the
// steps kAhead from these are sent for meanwhile.
template <int L>
void pack_across(const Lines& m, int64_t lines, int64_t depth, Scaler& scaled, float* to) {
  constexpr int64_t kAhead = 8;
  const int64_t of_strip = (depth + 1) / 2 * L;
  for (int64_t k = 0; k < depth; k += 2, to += L) {
    const bool whole = k + 1 < depth;
    float* place = to;
    for (int64_t l = 0; l < lines; l += L, place += of_strip) {
      const float* even = m.from + k * m.step + l * m.line;
      const int64_t count = lines - l < L ? lines - l : L;
      const auto put = [&](int v, Vec first, Vec second) {
        store_first(place + v, paired(scaled(first), scaled(second)), L - v);
      };
      if (m.line == 1 && whole && count == L) {
        for (int v = 0; v < L; v += kWidth) {
          __builtin_prefetch(even + kAhead * m.step + v);
          __builtin_prefetch(even + (kAhead + 1) * m.step + v);
          put(v, load_first(even + v, L - v), load_first(even + m.step + v, L - v));
        }
        continue;
      }
      for (int v = 0; v < L; v += kWidth) {
        Vec first = all(0.0f), second = all(0.0f);
        if (m.line == 1) {
          first = load_first(even + v, count - v);
          if (whole) second = load_first(even + m.step + v, count - v);
        } else {
          for (int i = 0; i < kWidth && v + i < count; ++i) {
            first[i] = even[(v + i) * m.line];
            if (whole) second[i] = even[(v + i) * m.line + m.step];
          }
        }
        put(v, first, second);
      }
    }
  }
}

// Where a tile's sums go: scale times them, for the first rows and columns of it.
struct TileTarget {
  float* c;
  int64_t c_stride, rows, columns;
  bool add;
  const float* bias;  // of the first column, or null
  float scale;

  TileTarget from(int64_t r, int64_t j) const {
    return {c + r * c_stride + j, c_stride, rows - r, columns - j, add, bias ? bias + j : nullptr, scale};
  }
};

// Sums of the even and the odd steps in turn, of kWidth columns --> what belongs to them together.
inline Vec sum_of_pairs(Pairs sums) {
  IntVec even, odd;
  for (int i = 0; i < kWidth; ++i) even[i] = 2 * i, odd[i] = 2 * i + 1;
  const Vec first = _mm512_cvtxph_ps(_mm512_castph512_ph256((__m512h)sums));
  const Vec second = _mm512_cvtxph_ps((__m256h)_mm512_extractf64x4_pd((__m512d)sums, 1));
  return shuffled(first, second, even) + shuffled(first, second, odd);
}

// strip: [pairs][kHalfStripRows], from the tile's first row on; panel: [pairs][kHalfColumns].
void half_tile(const float* strip, const float* panel, int64_t pairs, const TileTarget& to) {
  Pairs sums[kHalfRows][kHalfVectors];
  for (int r = 0; r < kHalfRows; ++r) {
    for (int v = 0; v < kHalfVectors; ++v) sums[r][v] = Pairs{};
  }
#pragma GCC unroll 2
  for (int64_t k = 0; k < pairs; ++k, strip += kHalfStripRows, panel += kHalfColumns) {
    Pairs b[kHalfVectors];
    for (int v = 0; v < kHalfVectors; ++v) b[v] = (Pairs)load(panel + v * kWidth);
    for (int r = 0; r < kHalfRows; ++r) {
      int32_t pair;
      __builtin_memcpy(&pair, strip + r, sizeof pair);
      const Pairs same = (Pairs)_mm512_set1_epi32(pair);
      for (int v = 0; v < kHalfVectors; ++v) sums[r][v] += same * b[v];
    }
  }
  for (int r = 0; r < kHalfRows; ++r) {
    if (r == to.rows) return;
    for (int v = 0; v < kHalfVectors; ++v) {
      float* c = to.c + r * to.c_stride + v * kWidth;
      const int64_t count = to.columns - v * kWidth;
      const Vec start = to.add    ? load_first(c, count)
                        : to.bias ? load_first(to.bias + v * kWidth, count)
                                  : all(0.0f);
      store_first(c, start + sum_of_pairs(sums[r][v]) * to.scale, count);
    }
  }
}

// Lines laid out for tiles: slice after slice of depth, each [ceil(lines / L)][ceil(slice / 2)][L] pairs.
struct Packed {
  const float* pairs;
  float scales[kHalfSlices];  // of each slice
};

// Packs one slice; returns its largest number.
template <int L>
float pack_slice(const Lines& m, int64_t lines, int64_t depth, float scale, float* to) {
  Scaler scaled{scale};
  if (m.step != 1) {
    pack_across<L>(m, lines, depth, scaled, to);
  } else {
    for (int64_t l = 0; l < lines; l += L, to += (depth + 1) / 2 * L)
      pack_along<L>(m.at(l, 0), lines - l < L ? lines - l : L, depth, scaled, to);
  }
  return largest_of(scaled.most);
}

// scale: of the slice before, 0 at first. It mostly fits the next as well, which spares looking for the
// largest number before packing; where it does not, the slice is packed again.
template <int L>
Packed pack_lines(const Lines& m, int64_t lines, int64_t depth, int64_t slice, float* to, float& scale) {
  Packed packed{to, {}};
  for (int64_t k = 0; k < depth; k += slice) {
    const int64_t steps = depth - k < slice ? depth - k : slice;
    const float largest = scale == 0 ? 0 : pack_slice<L>(m.at(0, k), lines, steps, scale, to);
    if (!(largest < kHalfLargest && largest > kHalfLargest / 64)) {
      scale = scale_of(m.at(0, k), lines, steps);
      pack_slice<L>(m.at(0, k), lines, steps, scale, to);
    }
    packed.scales[k / slice] = scale;
    to += (lines + L - 1) / L * L * ((steps + 1) / 2);
  }
  return packed;
}

// to: of the first row and column of both; its scale is set here.
void multiply_packed(const Packed& a, const Packed& b, int64_t depth, int64_t slice, TileTarget to) {
  const int64_t strips = (to.rows + kHalfStripRows - 1) / kHalfStripRows,
                panels = (to.columns + kHalfColumns - 1) / kHalfColumns;
  const float *strip = a.pairs, *panel = b.pairs;
  for (int64_t k = 0; k < depth; k += slice, to.add = true) {
    const int64_t pairs = ((depth - k < slice ? depth - k : slice) + 1) / 2;
    to.scale = 1 / (a.scales[k / slice] * b.scales[k / slice]);
    for (int64_t j = 0; j < panels; ++j, panel += pairs * kHalfColumns) {
      for (int64_t i = 0; i < to.rows; i += kHalfRows)
        half_tile(strip + i / kHalfStripRows * pairs * kHalfStripRows + i % kHalfStripRows, panel, pairs,
                  to.from(i, j * kHalfColumns));
    }
    strip += strips * pairs * kHalfStripRows;
  }
}

void half_product(const Product& p, float* scratch) {
  float *strips = scratch, *panels = scratch + kHalfStrips;
  const Lines a{p.a, p.a_row, p.a_step}, b{p.b, p.b_column, p.b_step};
  const int64_t slice = part_size(p.depth, kHalfDepth, 2), deep = kHalfSlices * slice,
                columns = part_size(p.columns, kHalfColumnsOfSlice, kHalfColumns);
  float a_scale = 0, b_scale = 0;
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
        *block = pack_lines<kHalfStripRows>(a.at(i, k), height(i), depth, slice,
                                            strips + (block - blocks) * of_block, a_scale);
      for (int64_t j = 0; j < p.columns; j += columns) {
        const int64_t width = p.columns - j < columns ? p.columns - j : columns;
        const Packed panel = pack_lines<kHalfColumns>(b.at(j, k), width, depth, slice, panels, b_scale);
        block = blocks;
        for (int64_t i = first; i < end; i += kHalfRowsOfBlock, ++block)
          multiply_packed(*block, panel, depth, slice,
                          {p.c + i * p.c_stride + j, p.c_stride, height(i), width, p.add || k > 0,
                           p.bias ? p.bias + j : nullptr, 1});
      }
    }
  }
}

#endif
