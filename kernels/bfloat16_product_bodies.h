// Matrix products of bfloat16 numbers by the processor's tiles (AMX): one instruction multiplies 16 rows by
// 16 columns over 32 steps of depth and adds up in float32. Included by kernels/variant_amx.cpp alone, inside
// an unnamed namespace.
//
// Operands are laid out as squares of 16 lines by 32 steps, 1 KB each, which is what a tile register takes:
// of a line after line, of b pair of steps after pair of steps. Two rows of squares by two columns of them
// are summed in four registers, which begin with what c holds, or a bias; each sum is added up in the order
// of depth. A strip of a and a square of b's column then come from the first-level cache, the other squares
// from the second.

constexpr int64_t kSquare = 16, kSteps = 32;             // lines and steps of depth in a square
constexpr int64_t kSquareFloats = kSquare * kSteps / 2;  // its size in float32 numbers
constexpr int64_t kTileDepth = 512, kTileColumns = 256;  // of a slice of b that is laid out at once; 256 KB
constexpr int64_t kTileRows = 4096;                      // of a that are laid out at once; 4 MB
constexpr int64_t kTileStrips = kTileRows * kTileDepth / 2;  // floats

static_assert(kTileDepth % kSteps == 0 && kTileColumns % (2 * kSquare) == 0 &&
              kTileRows % (2 * kSquare) == 0);
static_assert(kTileStrips + kTileColumns * kTileDepth / 2 <= kProductScratch);

// How tile registers are read (Intel's manual, volume 1, 18.3): palette 1, eight of 16 rows of 64 bytes.
struct alignas(64) TileShapes {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

// Tile registers are this thread's while it lives.
class Tiles {
 public:
  Tiles() {
    const TileShapes shapes;
    _tile_loadconfig(&shapes);
  }
  ~Tiles() { _tile_release(); }
  Tiles(const Tiles&) = delete;
  Tiles& operator=(const Tiles&) = delete;
};

// g++ does not know that loading a tile reads memory: what was written before has to be there.
inline void write_all() {
  __asm__ volatile("" ::: "memory");
}

// 32 numbers rounded to bfloat16 (to the nearest, ties to even), those of `first` in front.
inline __m512i rounded(Vec first, Vec second) {
  return (__m512i)_mm512_cvtne2ps_pbh(second, first);
}
// Pairs of a number of `first` and one of `second`.
inline __m512i rounded_pairs(Vec first, Vec second) {
  typedef uint16_t Places __attribute__((vector_size(64)));
  Places places;
  for (int i = 0; i < kWidth; ++i) places[2 * i] = i, places[2 * i + 1] = kWidth + i;
  return _mm512_permutexvar_epi16((__m512i)places, rounded(first, second));
}

// The first lines and steps of m --> a square, filled up with zeros; line after line, or pair after pair.
template <bool kByLine>
void pack_square(const Lines& m, int64_t lines, int64_t steps, float* to) {
  Vec square[kSquare];
  if (m.step == 1) {
    for (int64_t l = 0; l < kSquare; ++l) {
      const float* line = m.from + l * m.line;
      square[l] = l >= lines ? Vec{}
                  : steps == kSteps
                      ? (Vec)rounded(load(line), load(line + kWidth))
                      : (Vec)rounded(load_first(line, steps), load_first(line + kWidth, steps - kWidth));
    }
    if (!kByLine) turn(square);
  } else {
    const auto step = [&](int64_t k) {
      const float* from = m.from + k * m.step;
      if (k >= steps) return Vec{};
      if (m.line == 1) return lines == kSquare ? load(from) : load_first(from, lines);
      Vec v{};
      for (int64_t l = 0; l < lines; ++l) v[l] = from[l * m.line];
      return v;
    };
    for (int64_t k = 0; k < kSteps; k += 2) square[k / 2] = (Vec)rounded_pairs(step(k), step(k + 1));
    if (kByLine) turn(square);
  }
  for (int64_t i = 0; i < kSquare; ++i) store(to + i * kWidth, square[i]);
}

inline int64_t squares(int64_t length, int64_t size) {
  return (length + size - 1) / size;
}

// lines x depth --> [squares of lines, an even number][squares of depth]. Memory is read in its own order.
template <bool kByLine>
void pack_squares(const Lines& m, int64_t lines, int64_t depth, float* to) {
  const int64_t across = squares(lines, kSquare), down = squares(depth, kSteps);
  const auto pack = [&](int64_t l, int64_t k) {
    const int64_t line = l * kSquare, step = k * kSteps;
    pack_square<kByLine>(m.at(line, step), lines - line < kSquare ? lines - line : kSquare,
                         depth - step < kSteps ? depth - step : kSteps, to + (l * down + k) * kSquareFloats);
  };
  if (m.step == 1) {
    for (int64_t l = 0; l < across; ++l) {
      for (int64_t k = 0; k < down; ++k) pack(l, k);
    }
  } else {
    for (int64_t k = 0; k < down; ++k) {
      for (int64_t l = 0; l < across; ++l) pack(l, k);
    }
  }
  if (across % 2 == 0) return;
  for (int64_t i = 0; i < down * kSquareFloats; i += kWidth)
    store(to + across * down * kSquareFloats + i, Vec{});
}

// Sums of one tile register: in place where c has all of them, else apart.
struct TileSums {
  float* c;
  int64_t c_stride, rows, columns;  // that c has
  bool add;
  const float* bias;  // of the first column, or null
  float* apart;       // [kSquare][kSquare]

  bool whole() const { return rows >= kSquare && columns >= kSquare; }
  bool begun() const { return add || bias != nullptr; }
  // From where the register is to be loaded, and the bytes from row to row: for a bias none.
  const float* start() {
    if (whole()) return add ? c : bias;
    for (int64_t r = 0; r < kSquare; ++r) {
      const bool there = r < rows;
      store(apart + r * kSquare, !there ? Vec{}
                                 : add  ? load_first(c + r * c_stride, columns)
                                        : load_first(bias, columns));
    }
    return apart;
  }
  int64_t start_stride() const { return !whole() ? 4 * kSquare : add ? 4 * c_stride : 0; }
  float* end() { return whole() ? c : apart; }
  int64_t end_stride() const { return 4 * (whole() ? c_stride : kSquare); }
  void finish() const {
    if (whole()) return;
    for (int64_t r = 0; r < kSquare && r < rows; ++r)
      store_first(c + r * c_stride, load(apart + r * kSquare), columns);
  }
};

// Macros, because an instruction names its register: the intrinsics want the number as it is written.
#define DRAGOMAN_BEGIN_TILE(number, sums)            \
  if (sums.begun()) {                                \
    const float* start = sums.start();               \
    write_all();                                     \
    _tile_loadd(number, start, sums.start_stride()); \
  } else {                                           \
    _tile_zero(number);                              \
  }
#define DRAGOMAN_END_TILE(number, sums)                \
  _tile_stored(number, sums.end(), sums.end_stride()); \
  sums.finish();

// c's 32 x 32 sums from two rows of squares of a and two columns of squares of b, `down` squares deep.
void tile_product(const float* a, const float* b, int64_t down, float* c, int64_t c_stride, int64_t rows,
                  int64_t columns, bool add, const float* bias) {
  alignas(64) float apart[4][kSquare * kSquare];
  const auto sums_at = [&](int64_t r, int64_t j) {
    return TileSums{
        c + r * c_stride + j,          c_stride, rows - r, columns - j, add, bias ? bias + j : nullptr,
        apart[(r != 0) * 2 + (j != 0)]};
  };
  TileSums s00 = sums_at(0, 0), s01 = sums_at(0, kSquare), s10 = sums_at(kSquare, 0),
           s11 = sums_at(kSquare, kSquare);
  DRAGOMAN_BEGIN_TILE(0, s00)
  DRAGOMAN_BEGIN_TILE(1, s01)
  DRAGOMAN_BEGIN_TILE(2, s10)
  DRAGOMAN_BEGIN_TILE(3, s11)
  const int64_t next = down * kSquareFloats;
  for (int64_t k = 0; k < down; ++k, a += kSquareFloats, b += kSquareFloats) {
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
  const Tiles tiles;
  float *strips = scratch, *panels = scratch + kTileStrips;
  const Lines a{p.a, p.a_row, p.a_step}, b{p.b, p.b_column, p.b_step};
  const int64_t slice = part_size(p.depth, kTileDepth, kSteps),
                width = part_size(p.columns, kTileColumns, 2 * kSquare);
  for (int64_t k = 0; k < p.depth; k += slice) {
    const int64_t depth = p.depth - k < slice ? p.depth - k : slice, down = squares(depth, kSteps);
    for (int64_t first = 0; first < p.rows; first += kTileRows) {
      const int64_t rows = p.rows - first < kTileRows ? p.rows - first : kTileRows;
      pack_squares<true>(a.at(first, k), rows, depth, strips);
      for (int64_t j = 0; j < p.columns; j += width) {
        const int64_t columns = p.columns - j < width ? p.columns - j : width;
        pack_squares<false>(b.at(j, k), columns, depth, panels);
        write_all();
        for (int64_t r = 0; r < rows; r += 2 * kSquare) {
          for (int64_t n = 0; n < columns; n += 2 * kSquare)
            tile_product(strips + r / kSquare * down * kSquareFloats,
                         panels + n / kSquare * down * kSquareFloats, down,
                         p.c + (first + r) * p.c_stride + j + n, p.c_stride, rows - r, columns - n,
                         p.add || k > 0, p.bias && k == 0 ? p.bias + j + n : nullptr);
        }
      }
    }
  }
}
