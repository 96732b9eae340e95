// Products with packed matrices: see packed.h.
#pragma once

#include "kernels/packed.h"
#include "kernels/tile.h"
#include "kernels/vector.h"

namespace dragoman::DRAGOMAN_KERNEL_VARIANT {
namespace {

// The sizes of a block of rows of x and of a group of panels. Both stay in the second-level cache.
constexpr int64_t kRowBlockBytes = 192 << 10, kPanelGroupBytes = 128 << 10;

typedef uint16_t HalfVec __attribute__((vector_size(2 * kWidth)));

inline Vec load_weights(const float* from) {
  return load(from);
}
inline Vec load_weights(const uint16_t* from) {
  HalfVec half;
  __builtin_memcpy(&half, from, sizeof half);
  return (Vec)(__builtin_convertvector(half, UintVec) << 16);
}

// silu: x / (1 + e^-x); gelu: x (1 + erf(x / sqrt 2)) / 2. store_tile applies relu before it stores.
inline void activate_stored(Activation activation, float* row, int64_t size) {
  if (activation == Activation::kSilu) {
    for (int64_t i = 0; i < size; i += kWidth) {
      const Vec x = load(row + i);
      store(row + i, x / (exp_of(-x) + 1.0f));
    }
  } else if (activation == Activation::kGelu) {
    for (int64_t i = 0; i < size; ++i) row[i] = 0.5f * row[i] * (1 + __builtin_erff(row[i] * 0.707106781f));
  }
}

// sum(r, c, bias): vector c of row r plus its bias. A scale is multiplied in the same expression: whether
// both become one instruction, which rounds once, must not depend on the tile.
template <int R, int C, typename Sum>
inline void store_tile(const PanelOutput& output, int64_t row, int64_t panel, Sum sum) {
  const float* bias = output.bias + panel * kPanel;
  for (int r = 0; r < R; ++r) {
    float* out = output.out + (row + r) * output.out_stride + panel * kPanel;
    for (int c = 0; c < C; ++c) {
      const Vec y = sum(r, c, load(bias + c * kWidth));
      store(out + c * kWidth, output.activation == Activation::kRelu ? max(y, broadcast(0.0f)) : y);
    }
    activate_stored(output.activation, out, C * kWidth);
  }
}

// Prefetches the weights of a later panel, a part with each step of depth, while a tile computes. One core
// reads memory about as fast as it uses weights: without prefetching, the two times would add up.
struct Prefetch {
  const char* from;
  int64_t step;  // bytes
  void next() {
    __builtin_prefetch(from, 0, 2);  // into the second-level cache
    from += step;
  }
};

// Rows row .. row+R-1 of P panels.
template <int R, int P, typename Weight>
inline void panel_tile(const PanelProduct<Weight>& m, int64_t row, int64_t panel, Prefetch prefetch) {
  constexpr int C = P * kPanelVectors;
  Vec sums[R][C] = {};
  const float* x = m.x + row * m.x_stride;
  const int64_t x_stride = m.x_stride, panel_size = m.depth * kPanel;
  const Weight* weights = m.panels + panel * panel_size;
  for (int64_t k = 0; k < m.depth; ++k, weights += kPanel) {
    const auto weight = [&](int c) {
      return load_weights(weights + c / kPanelVectors * panel_size + c % kPanelVectors * kWidth);
    };
    // The smaller side stays in registers: the weights of one panel, or the elements of few rows.
    if constexpr (P == 1) {
      prefetch.next();
      add_products(sums, x, x_stride, k, weight(0), weight(1));
    } else {
      for (int c = 0; c < C; ++c) {
        const Vec w = weight(c);
        for (int r = 0; r < R; ++r) sums[r][c] += x[r * x_stride + k] * w;
      }
    }
  }
  store_tile<R, C>(m.output, row, panel, [&](int r, int c, Vec bias) { return sums[r][c] + bias; });
}

// Integers: a vector of groups of weights is multiplied by one group of x and summed into 32 bits.
#if defined(__AVX512VNNI__)
typedef uint8_t Activation8;
typedef __m512i Group;
constexpr int kGroup = 4, kZeroPoint = 128;
inline Group load_group(const int8_t* from) {
  return _mm512_loadu_si512(from);
}
inline IntVec add_group(IntVec sum, Group weights, int32_t x) {
  return (IntVec)_mm512_dpbusd_epi32((__m512i)sum, _mm512_set1_epi32(x), weights);
}
#else
typedef int16_t Activation8;
constexpr int kGroup = 2, kZeroPoint = 0;
#if defined(__AVX512BW__)
typedef __m512i Group;
inline Group load_group(const int8_t* from) {
  return _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}
inline IntVec add_group(IntVec sum, Group weights, int32_t x) {
  return (IntVec)_mm512_add_epi32((__m512i)sum, _mm512_madd_epi16(weights, _mm512_set1_epi32(x)));
}
#elif defined(__AVX2__)
typedef __m256i Group;
inline Group load_group(const int8_t* from) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
inline IntVec add_group(IntVec sum, Group weights, int32_t x) {
  return (IntVec)_mm256_add_epi32((__m256i)sum, _mm256_madd_epi16(weights, _mm256_set1_epi32(x)));
}
#else
typedef int16_t Group __attribute__((vector_size(4 * kWidth)));
inline Group load_group(const int8_t* from) {
  Group group;
  for (int i = 0; i < 2 * kWidth; ++i) group[i] = from[i];
  return group;
}
inline IntVec add_group(IntVec sum, Group weights, int32_t x) {
  const IntVec both = (IntVec)weights;  // the first of a pair is the lower half
  return sum + (both << 16 >> 16) * static_cast<int16_t>(x) + (both >> 16) * (x >> 16);
}
#endif
#endif

inline int32_t group_at(const Activation8* x) {
  int32_t group;
  __builtin_memcpy(&group, x, sizeof group);
  return group;
}

template <int R, int P>
inline void int8_tile(const Int8PanelProduct& m, int64_t row, int64_t panel, Prefetch prefetch) {
  constexpr int C = P * kPanelVectors;
  IntVec sums[R][C] = {};
  if constexpr (kZeroPoint != 0) {
    for (int c = 0; c < C; ++c) {
      IntVec offset;
      __builtin_memcpy(&offset, m.offsets + panel * kPanel + c * kWidth, sizeof offset);
      for (int r = 0; r < R; ++r) sums[r][c] = offset;
    }
  }
  const Activation8* x = static_cast<const Activation8*>(m.x) + row * m.x_stride;
  const int64_t x_stride = m.x_stride, panel_size = m.depth * kPanel;
  const int8_t* weights = m.panels + panel * panel_size;
  for (int64_t k = 0; k < m.depth; k += kGroup, weights += kGroup * kPanel) {
    const auto weight = [&](int c) {
      const int64_t part = c / kPanelVectors, vector = c % kPanelVectors;
      return load_group(weights + part * panel_size + vector * kGroup * kWidth);
    };
    if constexpr (P == 1) {
      prefetch.next();
      const Group first = weight(0), second = weight(1);
      for (int r = 0; r < R; ++r) {
        const int32_t factor = group_at(x + r * x_stride + k);
        sums[r][0] = add_group(sums[r][0], first, factor);
        sums[r][1] = add_group(sums[r][1], second, factor);
      }
    } else {
      for (int c = 0; c < C; ++c) {
        const Group w = weight(c);
        for (int r = 0; r < R; ++r) sums[r][c] = add_group(sums[r][c], w, group_at(x + r * x_stride + k));
      }
    }
  }
  const float* scales = m.scales + panel * kPanel;
  store_tile<R, C>(m.output, row, panel, [&](int r, int c, Vec bias) {
    const Vec scale = load(scales + c * kWidth) * m.x_scales[row + r];
    return __builtin_convertvector(sums[r][c], Vec) * scale + bias;
  });
}

// The two types of tiles.
struct FloatTiles {
  static constexpr int64_t kBytes = sizeof(float), kStep = 1;  // of an element of x; of depth at once
  template <int R, int P, typename Product>
  static void run(const Product& m, int64_t row, int64_t panel, Prefetch prefetch) {
    panel_tile<R, P>(m, row, panel, prefetch);
  }
};
struct Int8Tiles {
  static constexpr int64_t kBytes = sizeof(Activation8), kStep = kGroup;
  template <int R, int P, typename Product>
  static void run(const Product& m, int64_t row, int64_t panel, Prefetch prefetch) {
    int8_tile<R, P>(m, row, panel, prefetch);
  }
};

// Products of R rows, 1 to 3: P panels at a time, because fewer sums would not hide the latency of an
// addition.
template <int R, int P, typename Tiles, typename Product>
void multiply_few_rows(const Product& m) {
  const Prefetch nothing{reinterpret_cast<const char*>(m.x), 0};
  int64_t panel = m.output.first_panel;
  for (; panel + P <= m.output.last_panel; panel += P) Tiles::template run<R, P>(m, 0, panel, nothing);
  for (; panel < m.output.last_panel; ++panel) Tiles::template run<R, 1>(m, 0, panel, nothing);
}

// A tile of `rows` rows, 1 .. R.
template <int R, typename Tiles, typename Product>
inline void tile_of(const Product& m, int64_t rows, int64_t row, int64_t panel, Prefetch prefetch) {
  if constexpr (R > 0) {
    if (rows == R)
      Tiles::template run<R, 1>(m, row, panel, prefetch);
    else
      tile_of<R - 1, Tiles>(m, rows, row, panel, prefetch);
  }
}

// Rows begin .. end-1 in tiles of about equal height, a group of panels at a time. The weights of the group
// stay in the second-level cache, the rows of a tile in the first. The panels of a group are adjacent in a
// row of the result. The next group is prefetched meanwhile.
template <typename Tiles, typename Product>
void row_block(const Product& m, int64_t begin, int64_t end) {
  const int64_t rows = end - begin, tiles = (rows + kTileRows - 1) / kTileRows;
  const int64_t panel_bytes = m.depth * kPanel * sizeof *m.panels;
  const int64_t group = panel_bytes < kPanelGroupBytes ? kPanelGroupBytes / panel_bytes : 1;
  for (int64_t first = m.output.first_panel; first < m.output.last_panel; first += group) {
    const int64_t last = first + group < m.output.last_panel ? first + group : m.output.last_panel;
    for (int64_t i = 0; i < tiles; ++i) {
      const int64_t from = begin + rows * i / tiles, to = begin + rows * (i + 1) / tiles;
      for (int64_t panel = first; panel < last; ++panel) {
        // A tile prefetches its share of the panel that is one group later.
        const auto* next = reinterpret_cast<const char*>(m.panels) + (panel + group) * panel_bytes;
        const Prefetch prefetch =
            panel + group < m.output.last_panel
                ? Prefetch{next + panel_bytes * i / tiles, panel_bytes / tiles * Tiles::kStep / m.depth}
                : Prefetch{reinterpret_cast<const char*>(m.x), 0};
        tile_of<kTileRows, Tiles>(m, to - from, from, panel, prefetch);
      }
    }
  }
}

template <typename Tiles, typename Product>
void multiply_panels(const Product& m) {
  if (m.rows == 1) return multiply_few_rows<1, 4, Tiles>(m);
  if (m.rows == 2) return multiply_few_rows<2, 3, Tiles>(m);
  if (m.rows == 3) return multiply_few_rows<3, 2, Tiles>(m);
  const int64_t row_bytes = m.depth * Tiles::kBytes;
  const int64_t fitting = kRowBlockBytes / row_bytes, limit = fitting > kTileRows ? fitting : kTileRows;
  const int64_t blocks = (m.rows + limit - 1) / limit;
  for (int64_t i = 0; i < blocks; ++i) row_block<Tiles>(m, m.rows * i / blocks, m.rows * (i + 1) / blocks);
}

void multiply_float(const PanelProduct<float>& product) {
  multiply_panels<FloatTiles>(product);
}
void multiply_bfloat16(const PanelProduct<uint16_t>& product) {
  multiply_panels<FloatTiles>(product);
}
void multiply_int8(const Int8PanelProduct& product) {
  multiply_panels<Int8Tiles>(product);
}

inline float rounded(float x) {
  return (x + 12582912.0f) - 12582912.0f;  // 1.5 * 2^23, as in exp_of
}

inline float largest_size(const float* x, int64_t count) {
  Vec maximum = broadcast(0.0f);
  float largest = 0;
  int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) maximum = max(max(load(x + i), -load(x + i)), maximum);
  for (; i < count; ++i) largest = __builtin_fabsf(x[i]) > largest ? __builtin_fabsf(x[i]) : largest;
  return reduce_max(maximum) > largest ? reduce_max(maximum) : largest;
}

void quantise(const QuantiseRows& rows) {
  typedef Activation8 NarrowVec __attribute__((vector_size(sizeof(Activation8) * kWidth)));
  const QuantiseRows q = rows;  // a copy, which no store can change
  const float* x = q.x;
  auto* to = static_cast<Activation8*>(q.to);
  for (int64_t row = 0; row < q.rows; ++row, x += q.x_stride, to += q.to_stride) {
    const float largest = largest_size(x, q.depth);
    q.scales[row] = largest / q.limit;
    const float factor = largest > 0 ? q.limit / largest : 0;
    const Vec magic = broadcast(12582912.0f);
    int64_t i = 0;
    for (; i + kWidth <= q.depth; i += kWidth) {
      const Vec integers = (load(x + i) * factor + magic) - magic;
      const NarrowVec narrow =
          __builtin_convertvector(__builtin_convertvector(integers, IntVec) + kZeroPoint, NarrowVec);
      __builtin_memcpy(to + i, &narrow, sizeof narrow);
    }
    for (; i < q.depth; ++i) to[i] = static_cast<int>(rounded(x[i] * factor)) + kZeroPoint;
    for (; i < q.to_stride; ++i) to[i] = kZeroPoint;
  }
}

}  // namespace
}  // namespace dragoman::DRAGOMAN_KERNEL_VARIANT
