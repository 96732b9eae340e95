// Matrix products in bfloat16 by the processor's tile registers (AMX): one instruction multiplies 16 rows by
// 16 columns over 32 steps of depth and adds up in float32. kernels/variant_amx.cpp includes this header.
//
// Operands are packed as tiles of 16 lines by 32 steps, 1 KB each, the contents of a tile register: tiles of
// a line by line, tiles of b pair of steps by pair of steps. Two rows of tiles by two columns of tiles are
// summed in four registers, which start with what c holds, or with a bias. Each sum is added up in the order
// of depth. A strip of a and one tile of b then come from the first-level cache, the other tiles from the
// second.
#pragma once

#include "kernels/kernels.h"
#include "kernels/operand.h"
#include "kernels/vector.h"

#if defined(__AMX_BF16__)

namespace dragoman::DRAGOMAN_KERNEL_VARIANT {
namespace {

constexpr int64_t kTileLines = 16, kTileSteps = 32;              // of a tile
constexpr int64_t kTileFloats = kTileLines * kTileSteps / 2;     // its size in units of a float32
constexpr int64_t kAmxSliceDepth = 512, kAmxSliceColumns = 256;  // of a slice of b, packed at once; 256 KB
constexpr int64_t kAmxSliceRows = 4096;                          // of a, packed at once; 4 MB
constexpr int64_t kAmxStripFloats = kAmxSliceRows * kAmxSliceDepth / 2;  // scratch memory for them

static_assert(kAmxSliceDepth % kTileSteps == 0 && kAmxSliceColumns % (2 * kTileLines) == 0 &&
              kAmxSliceRows % (2 * kTileLines) == 0);
static_assert(kAmxStripFloats + kAmxSliceColumns * kAmxSliceDepth / 2 <= kProductScratch);

// The configuration of the tile registers (Intel's manual, volume 1, 18.3): palette 1, eight registers of 16
// rows of 64 bytes.
struct alignas(64) TileShapes {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

// The thread may use the tile registers while this object lives.
class TileRegisters {
 public:
  TileRegisters() {
    const TileShapes shapes;
    _tile_loadconfig(&shapes);
  }
  ~TileRegisters() { _tile_release(); }
  TileRegisters(const TileRegisters&) = delete;
  TileRegisters& operator=(const TileRegisters&) = delete;
};

// g++ does not know that loading a tile reads memory: all stores before it have to be done.
inline void finish_stores() {
  __asm__ volatile("" ::: "memory");
}

// 32 elements rounded to bfloat16 (to nearest, ties to even): those of `first`, then those of `second`.
inline __m512i rounded(Vec first, Vec second) {
  return (__m512i)_mm512_cvtne2ps_pbh(second, first);
}
// Pairs of an element of `first` and one of `second`.
inline __m512i rounded_pairs(Vec first, Vec second) {
  typedef uint16_t Places __attribute__((vector_size(64)));
  Places places;
  for (int i = 0; i < kWidth; ++i) places[2 * i] = i, places[2 * i + 1] = kWidth + i;
  return _mm512_permutexvar_epi16((__m512i)places, rounded(first, second));
}

// The first lines and steps of m --> a tile, zero-padded; line by line, or pair of steps by pair of steps.
template <bool kByLine>
void pack_tile(const Operand& m, int64_t lines, int64_t steps, float* to) {
  Vec tile[kTileLines];
  if (m.depth_stride == 1) {
    for (int64_t l = 0; l < kTileLines; ++l) {
      const float* line = m.data + l * m.line_stride;
      tile[l] = l >= lines ? Vec{}
                : steps == kTileSteps
                    ? (Vec)rounded(load(line), load(line + kWidth))
                    : (Vec)rounded(load_first(line, steps), load_first(line + kWidth, steps - kWidth));
    }
    if (!kByLine) transpose(tile);
  } else {
    const auto step = [&](int64_t k) {
      const float* from = m.data + k * m.depth_stride;
      if (k >= steps) return Vec{};
      if (m.line_stride == 1) return lines == kTileLines ? load(from) : load_first(from, lines);
      Vec v{};
      for (int64_t l = 0; l < lines; ++l) v[l] = from[l * m.line_stride];
      return v;
    };
    for (int64_t k = 0; k < kTileSteps; k += 2) tile[k / 2] = (Vec)rounded_pairs(step(k), step(k + 1));
    if (kByLine) transpose(tile);
  }
  for (int64_t i = 0; i < kTileLines; ++i) store(to + i * kWidth, tile[i]);
}

inline int64_t tile_count(int64_t length, int64_t size) {
  return (length + size - 1) / size;
}

// lines x depth --> [tiles of lines, an even number][tiles of depth]. Memory is read in its own order.
template <bool kByLine>
void pack_tiles(const Operand& m, int64_t lines, int64_t depth, float* to) {
  const int64_t across = tile_count(lines, kTileLines), down = tile_count(depth, kTileSteps);
  const auto pack = [&](int64_t l, int64_t k) {
    const int64_t line = l * kTileLines, step = k * kTileSteps;
    pack_tile<kByLine>(m.at(line, step), lines - line < kTileLines ? lines - line : kTileLines,
                       depth - step < kTileSteps ? depth - step : kTileSteps,
                       to + (l * down + k) * kTileFloats);
  };
  if (m.depth_stride == 1) {
    for (int64_t l = 0; l < across; ++l) {
      for (int64_t k = 0; k < down; ++k) pack(l, k);
    }
  } else {
    for (int64_t k = 0; k < down; ++k) {
      for (int64_t l = 0; l < across; ++l) pack(l, k);
    }
  }
  if (across % 2 == 0) return;
  for (int64_t i = 0; i < down * kTileFloats; i += kWidth) store(to + across * down * kTileFloats + i, Vec{});
}

// Where sums go. c may have fewer rows and columns than the tile registers.
struct TileTarget {
  float* c;
  int64_t c_stride, rows, columns;
  bool add;
  const float* bias;  // of the first column, or null
};

// The sums of one tile register: in place where c has all of them, else through a buffer.
struct TileSums {
  TileTarget to;
  float* buffer;  // [kTileLines][kTileLines]

  TileSums(const TileTarget& target, int64_t r, int64_t j, float* partial)
      : to{target.c + r * target.c_stride + j,
           target.c_stride,
           target.rows - r,
           target.columns - j,
           target.add,
           target.bias ? target.bias + j : nullptr},
        buffer(partial) {}

  bool in_place() const { return to.rows >= kTileLines && to.columns >= kTileLines; }
  bool has_initial() const { return to.add || to.bias != nullptr; }
  // The initial sums, for loading the register.
  const float* initial() {
    if (in_place()) return to.add ? to.c : to.bias;
    for (int64_t r = 0; r < kTileLines; ++r) {
      const bool in_c = r < to.rows;
      store(buffer + r * kTileLines, !in_c    ? Vec{}
                                     : to.add ? load_first(to.c + r * to.c_stride, to.columns)
                                              : load_first(to.bias, to.columns));
    }
    return buffer;
  }
  // Strides in bytes. All rows of the initial sums are the same bias when the stride is 0.
  int64_t initial_stride() const { return !in_place() ? 4 * kTileLines : to.add ? 4 * to.c_stride : 0; }
  float* result() { return in_place() ? to.c : buffer; }
  int64_t result_stride() const { return 4 * (in_place() ? to.c_stride : kTileLines); }
  void finish() const {
    if (in_place()) return;
    for (int64_t r = 0; r < kTileLines && r < to.rows; ++r)
      store_first(to.c + r * to.c_stride, load(buffer + r * kTileLines), to.columns);
  }
};

// Macros, because an instruction contains the number of its register: the intrinsics take only literals.
#define DRAGOMAN_BEGIN_TILE(number, sums)                \
  if (sums.has_initial()) {                              \
    const float* initial = sums.initial();               \
    finish_stores();                                     \
    _tile_loadd(number, initial, sums.initial_stride()); \
  } else {                                               \
    _tile_zero(number);                                  \
  }
#define DRAGOMAN_END_TILE(number, sums)                      \
  _tile_stored(number, sums.result(), sums.result_stride()); \
  sums.finish();

// 32 x 32 sums of c, from two rows of tiles of a and two columns of tiles of b, `down` tiles deep.
void tile_product(const float* a, const float* b, int64_t down, const TileTarget& to) {
  alignas(64) float buffers[4][kTileLines * kTileLines];
  TileSums s00(to, 0, 0, buffers[0]), s01(to, 0, kTileLines, buffers[1]), s10(to, kTileLines, 0, buffers[2]),
      s11(to, kTileLines, kTileLines, buffers[3]);
  DRAGOMAN_BEGIN_TILE(0, s00)
  DRAGOMAN_BEGIN_TILE(1, s01)
  DRAGOMAN_BEGIN_TILE(2, s10)
  DRAGOMAN_BEGIN_TILE(3, s11)
  const int64_t next = down * kTileFloats;
  for (int64_t k = 0; k < down; ++k, a += kTileFloats, b += kTileFloats) {
    _tile_loadd(4, a, 64);
    _tile_loadd(6, b, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, b + next, 64);
    _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(5, a + next, 64);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  DRAGOMAN_END_TILE(0, s00)
  DRAGOMAN_END_TILE(1, s01)
  DRAGOMAN_END_TILE(2, s10)
  DRAGOMAN_END_TILE(3, s11)
}
#undef DRAGOMAN_BEGIN_TILE
#undef DRAGOMAN_END_TILE

void product_by_tiles(const Product& p, float* scratch) {
  const TileRegisters registers;
  float *strips = scratch, *panels = scratch + kAmxStripFloats;
  const Operand a{p.a, p.a_row, p.a_step}, b{p.b, p.b_column, p.b_step};
  const int64_t slice = part_size(p.depth, kAmxSliceDepth, kTileSteps),
                width = part_size(p.columns, kAmxSliceColumns, 2 * kTileLines);
  for (int64_t k = 0; k < p.depth; k += slice) {
    const int64_t depth = p.depth - k < slice ? p.depth - k : slice, down = tile_count(depth, kTileSteps);
    for (int64_t first = 0; first < p.rows; first += kAmxSliceRows) {
      const int64_t rows = p.rows - first < kAmxSliceRows ? p.rows - first : kAmxSliceRows;
      pack_tiles<true>(a.at(first, k), rows, depth, strips);
      for (int64_t j = 0; j < p.columns; j += width) {
        const int64_t columns = p.columns - j < width ? p.columns - j : width;
        pack_tiles<false>(b.at(j, k), columns, depth, panels);
        finish_stores();
        for (int64_t r = 0; r < rows; r += 2 * kTileLines) {
          for (int64_t n = 0; n < columns; n += 2 * kTileLines)
            tile_product(strips + r / kTileLines * down * kTileFloats,
                         panels + n / kTileLines * down * kTileFloats, down,
                         {p.c + (first + r) * p.c_stride + j + n, p.c_stride, rows - r, columns - n,
                          p.add || k > 0, p.bias && k == 0 ? p.bias + j + n : nullptr});
        }
      }
    }
  }
}

}  // namespace
}  // namespace dragoman::DRAGOMAN_KERNEL_VARIANT

#endif
