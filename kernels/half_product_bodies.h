// Matrix products in float16, for processors with float16 arithmetic (AVX512-FP16: twice the elements per
// vector, and more than twice the multiplications per second).
//
// Each block of an operand has a scale, a power of two (Micikevicius et al., ICLR 2018, scale the loss
// likewise). It scales the largest element to 1/4 .. 16. Elements of at least 2^-12 of the largest keep all
// 11 bits. A register adds up the products of one slice of depth: kHalfDepth / 2 * 16 * 16 < 65504. Slices
// are added up in float32. A panel of a slice, 32 KB, and a strip stay in the first-level cache.
//
// Two adjacent steps of depth form a pair of 32 bits. A register sums the even steps of 16 columns and,
// alternating with them, the odd steps. One instruction broadcasts a pair of a. (Broadcasting single elements
// of 16 bits would halve the speed.)
#pragma once

#include "kernels/kernels.h"
#include "kernels/operand.h"
#include "kernels/vector.h"

#if defined(__AVX512FP16__)

namespace dragoman::DRAGOMAN_KERNEL_VARIANT {
namespace {

typedef _Float16 HalfFloats __attribute__((vector_size(2 * kWidth)));  // kWidth elements
typedef _Float16 Pairs __attribute__((vector_size(4 * kWidth)));       // kWidth pairs

constexpr int kHalfRows = 6, kHalfVectors = 4;        // of a tile: 24 registers of sums
constexpr int kHalfColumns = kHalfVectors * kWidth;   // of a tile and a panel
constexpr int kHalfStripRows = 2 * kHalfRows;         // of a strip
constexpr int kHalfTop = 4;                           // a scaled element is below 2^4 ..
constexpr float kHalfLargest = 1 << kHalfTop;         // .. and the largest of a slice at least 2^-2
constexpr int64_t kHalfDepth = 256, kHalfSlices = 8;  // of a slice; slices that are packed at once
constexpr int64_t kHalfBlockRows = 96, kHalfBlocks = 42, kHalfSliceColumns = 256;
constexpr int64_t kHalfStrips = int64_t{1} << 20;                                  // pairs of a; 4 MB
constexpr int64_t kHalfPanels = kHalfSlices * kHalfDepth / 2 * kHalfSliceColumns;  // pairs of b; 1 MB

static_assert(kHalfDepth * kHalfLargest * kHalfLargest < 2 * 65504);  // the largest float16
static_assert(kHalfBlockRows % kHalfStripRows == 0 && kHalfSliceColumns % kHalfColumns == 0);
static_assert(kHalfBlockRows * kHalfSlices * kHalfDepth / 2 <= kHalfStrips);
static_assert(kHalfStrips + kHalfPanels <= kProductScratch);

// max(|v|, maximum), and maximum where v is NaN.
inline Vec max_size(Vec v, Vec maximum) {
  return _mm512_max_ps(_mm512_abs_ps(v), maximum);
}

// The power of two that scales the largest of these elements to 8 .. 16.
float scale_of(const Operand& m, int64_t lines, int64_t depth) {
  const bool contiguous = m.depth_stride == 1;
  const int64_t outer = contiguous ? lines : depth, inner = contiguous ? depth : lines,
                outer_stride = contiguous ? m.line_stride : m.depth_stride,
                inner_stride = contiguous ? m.depth_stride : m.line_stride;
  Vec maximum = broadcast(0.0f), other_maximum = broadcast(0.0f);
  float largest = 0;
  for (int64_t i = 0; i < outer; ++i) {
    const float* row = m.data + i * outer_stride;
    int64_t k = 0;
    if (inner_stride == 1) {
      for (; k + 2 * kWidth <= inner; k += 2 * kWidth) {
        maximum = max_size(load(row + k), maximum);
        other_maximum = max_size(load(row + k + kWidth), other_maximum);
      }
      for (; k < inner; k += kWidth) maximum = max_size(load_first(row + k, inner - k), maximum);
    }
    for (; k < inner; ++k) {
      const float size = __builtin_fabsf(row[k * inner_stride]);
      largest = size > largest ? size : largest;  // not NaN, which remains NaN at any scale
    }
  }
  const float vector_maximum = reduce_max(max(maximum, other_maximum));
  largest = vector_maximum > largest ? vector_maximum : largest;
  uint32_t bits;
  __builtin_memcpy(&bits, &largest, sizeof bits);
  int exponent = kHalfTop - 1 + 127 - (bits >> 23);
  exponent = exponent > 60 ? 60 : exponent < -60 ? -60 : exponent;
  bits = static_cast<uint32_t>(exponent + 127) << 23;
  float scale;
  __builtin_memcpy(&scale, &bits, sizeof scale);
  return scale;
}

inline HalfFloats narrowed(Vec v) {
  return __builtin_convertvector(v, HalfFloats);
}
// The elements of `first`, then those of `second`.
inline Vec joined(Vec first, Vec second) {
  return (Vec)_mm512_inserti64x4(_mm512_castsi256_si512((__m256i)narrowed(first)), (__m256i)narrowed(second),
                                 1);
}
// Pairs of an element of `first` and one of `second`.
inline Vec paired(Vec first, Vec second) {
  typedef uint16_t Places __attribute__((vector_size(4 * kWidth)));
  Places places;
  for (int i = 0; i < kWidth; ++i) places[2 * i] = i, places[2 * i + 1] = kWidth + i;
  return (Vec)_mm512_permutexvar_epi16((__m512i)places, (__m512i)joined(first, second));
}

// Scales elements and remembers the largest absolute value.
struct Scaler {
  float scale;
  Vec maximum = broadcast(0.0f);

  Vec operator()(Vec x) {
    const Vec scaled = x * scale;
    maximum = max_size(scaled, maximum);
    return scaled;
  }
};

// 2 * kWidth elements of a line, scaled, as kWidth pairs.
inline Vec pairs_of(const float* line, Scaler& scaled) {
  return joined(scaled(load(line)), scaled(load(line + kWidth)));
}
// The same for the `left` elements at the end of a line, zero-padded.
inline Vec pairs_of_tail(const float* line, int64_t left, Scaler& scaled) {
  return joined(scaled(load_first(line, left)), scaled(load_first(line + kWidth, left - kWidth)));
}

// At most L lines whose elements are contiguous --> [ceil(depth / 2)][L] pairs, zero-padded. The next L
// lines, which are packed after these, are prefetched.
template <int L>
void pack_contiguous(const Operand& m, int64_t lines, int64_t depth, Scaler& scaled, float* to) {
  for (int v = 0; v < L; v += kWidth) {
    const int height = L - v < kWidth ? L - v : kWidth;  // lines of this square, at most
    for (int64_t k = 0; k < depth; k += 2 * kWidth) {
      const float* from = m.data + v * m.line_stride + k;
      const int64_t left = depth - k, pairs = left >= 2 * kWidth ? kWidth : (left + 1) / 2;
      Vec square[kWidth];
      if (v + height <= lines && left >= 2 * kWidth) {
#pragma GCC unroll 16
        for (int i = 0; i < kWidth; ++i) {
          square[i] = i < height ? pairs_of(from + i * m.line_stride, scaled) : broadcast(0.0f);
          __builtin_prefetch(from + (i + L) * m.line_stride);
          __builtin_prefetch(from + (i + L) * m.line_stride + kWidth);
        }
        transpose(square);
#pragma GCC unroll 16
        for (int i = 0; i < kWidth; ++i) store_first(to + (k / 2 + i) * L + v, square[i], height);
      } else {
        for (int i = 0; i < kWidth; ++i)
          square[i] = i < height && v + i < lines ? pairs_of_tail(from + i * m.line_stride, left, scaled)
                                                  : broadcast(0.0f);
        transpose(square);
        for (int64_t i = 0; i < pairs; ++i) store_first(to + (k / 2 + i) * L + v, square[i], height);
      }
    }
  }
}

// Lines whose elements are not contiguous --> [ceil(lines / L)][ceil(depth / 2)][L] pairs. All lines of a
// pair of steps are packed at once: memory is read in its own order. The steps kAhead later are prefetched.
template <int L>
void pack_strided(const Operand& m, int64_t lines, int64_t depth, Scaler& scaled, float* to) {
  constexpr int64_t kAhead = 8;
  const int64_t strip_size = (depth + 1) / 2 * L;
  for (int64_t k = 0; k < depth; k += 2, to += L) {
    const bool whole = k + 1 < depth;
    float* place = to;
    for (int64_t l = 0; l < lines; l += L, place += strip_size) {
      const float* even = m.data + k * m.depth_stride + l * m.line_stride;
      const int64_t count = lines - l < L ? lines - l : L;
      const auto put = [&](int v, Vec first, Vec second) {
        store_first(place + v, paired(scaled(first), scaled(second)), L - v);
      };
      if (m.line_stride == 1 && whole && count == L) {
        for (int v = 0; v < L; v += kWidth) {
          __builtin_prefetch(even + kAhead * m.depth_stride + v);
          __builtin_prefetch(even + (kAhead + 1) * m.depth_stride + v);
          put(v, load_first(even + v, L - v), load_first(even + m.depth_stride + v, L - v));
        }
        continue;
      }
      for (int v = 0; v < L; v += kWidth) {
        Vec first = broadcast(0.0f), second = broadcast(0.0f);
        if (m.line_stride == 1) {
          first = load_first(even + v, count - v);
          if (whole) second = load_first(even + m.depth_stride + v, count - v);
        } else {
          for (int i = 0; i < kWidth && v + i < count; ++i) {
            first[i] = even[(v + i) * m.line_stride];
            if (whole) second[i] = even[(v + i) * m.line_stride + m.depth_stride];
          }
        }
        put(v, first, second);
      }
    }
  }
}

// Where a tile adds its sums, times `scale`. c may have fewer rows and columns than the tile.
struct HalfTarget {
  float* c;
  int64_t c_stride, rows, columns;
  bool add;
  const float* bias;  // of the first column, or null
  float scale;

  HalfTarget from(int64_t r, int64_t j) const {
    return {c + r * c_stride + j, c_stride, rows - r, columns - j, add, bias ? bias + j : nullptr, scale};
  }
};

// Sums over the even and over the odd steps, alternating --> the sums of both, of kWidth columns.
inline Vec sum_of_pairs(Pairs sums) {
  IntVec even, odd;
  for (int i = 0; i < kWidth; ++i) even[i] = 2 * i, odd[i] = 2 * i + 1;
  const Vec first = _mm512_cvtxph_ps(_mm512_castph512_ph256((__m512h)sums));
  const Vec second = _mm512_cvtxph_ps((__m256h)_mm512_extractf64x4_pd((__m512d)sums, 1));
  return shuffle(first, second, even) + shuffle(first, second, odd);
}

// strip: [pairs][kHalfStripRows], from the first row of the tile on; panel: [pairs][kHalfColumns].
void half_tile(const float* strip, const float* panel, int64_t pairs, const HalfTarget& to) {
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
      const Pairs factor = (Pairs)_mm512_set1_epi32(pair);
      for (int v = 0; v < kHalfVectors; ++v) sums[r][v] += factor * b[v];
    }
  }
  for (int r = 0; r < kHalfRows; ++r) {
    if (r == to.rows) return;
    for (int v = 0; v < kHalfVectors; ++v) {
      float* c = to.c + r * to.c_stride + v * kWidth;
      const int64_t count = to.columns - v * kWidth;
      const Vec initial = to.add    ? load_first(c, count)
                          : to.bias ? load_first(to.bias + v * kWidth, count)
                                    : broadcast(0.0f);
      store_first(c, initial + sum_of_pairs(sums[r][v]) * to.scale, count);
    }
  }
}

// Packed lines: slice after slice of depth, each [ceil(lines / L)][ceil(slice / 2)][L] pairs.
struct PackedLines {
  const float* pairs;
  float scales[kHalfSlices];  // of each slice
};

// Packs one slice. Returns its largest absolute value, scaled.
template <int L>
float pack_slice(const Operand& m, int64_t lines, int64_t depth, float scale, float* to) {
  Scaler scaled{scale};
  if (m.depth_stride != 1) {
    pack_strided<L>(m, lines, depth, scaled, to);
  } else {
    for (int64_t l = 0; l < lines; l += L, to += (depth + 1) / 2 * L)
      pack_contiguous<L>(m.at(l, 0), lines - l < L ? lines - l : L, depth, scaled, to);
  }
  return reduce_max(scaled.maximum);
}

// scale: of the previous slice, 0 at first. It usually fits the next slice too, whose largest element then
// need not be found before packing. Where it does not fit, the slice is packed again.
template <int L>
PackedLines pack_lines(const Operand& m, int64_t lines, int64_t depth, int64_t slice, float* to,
                       float& scale) {
  PackedLines packed{to, {}};
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

// to: the target at the first row and column of both operands; its scale is set here.
void multiply_packed(const PackedLines& a, const PackedLines& b, int64_t depth, int64_t slice,
                     HalfTarget to) {
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
  const Operand a{p.a, p.a_row, p.a_step}, b{p.b, p.b_column, p.b_step};
  const int64_t slice = part_size(p.depth, kHalfDepth, 2), deep = kHalfSlices * slice,
                columns = part_size(p.columns, kHalfSliceColumns, kHalfColumns);
  float a_scale = 0, b_scale = 0;
  for (int64_t k = 0; k < p.depth; k += deep) {
    const int64_t depth = p.depth - k < deep ? p.depth - k : deep;
    const int64_t block_size = kHalfBlockRows * ((depth + 1) / 2), fitting = kHalfStrips / block_size;
    const int64_t group = kHalfBlockRows * (fitting < kHalfBlocks ? fitting : kHalfBlocks);
    for (int64_t first = 0; first < p.rows; first += group) {
      const int64_t end = p.rows - first < group ? p.rows : first + group;
      const auto height = [&](int64_t i) { return end - i < kHalfBlockRows ? end - i : kHalfBlockRows; };
      PackedLines blocks[kHalfBlocks];
      PackedLines* block = blocks;
      for (int64_t i = first; i < end; i += kHalfBlockRows, ++block)
        *block = pack_lines<kHalfStripRows>(a.at(i, k), height(i), depth, slice,
                                            strips + (block - blocks) * block_size, a_scale);
      for (int64_t j = 0; j < p.columns; j += columns) {
        const int64_t width = p.columns - j < columns ? p.columns - j : columns;
        const PackedLines panel = pack_lines<kHalfColumns>(b.at(j, k), width, depth, slice, panels, b_scale);
        block = blocks;
        for (int64_t i = first; i < end; i += kHalfBlockRows, ++block)
          multiply_packed(*block, panel, depth, slice,
                          {p.c + i * p.c_stride + j, p.c_stride, height(i), width, p.add || k > 0,
                           p.bias ? p.bias + j : nullptr, 1});
      }
    }
  }
}

}  // namespace
}  // namespace dragoman::DRAGOMAN_KERNEL_VARIANT

#endif
