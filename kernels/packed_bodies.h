// The kernels of packed.h. Included by kernels/bodies.h alone, inside the unnamed namespace of a variant.

// ---- products with packed matrices
// ----------------------------------------------------------------------------------

// Two vectors of channels make a panel; a tile of kTileRows rows and one panel fills the registers (there are
// 32 of the widest vectors, else 16).
constexpr int kPanelVectors = 2;
constexpr int64_t kPanel = kPanelVectors * kWidth;
constexpr int kTileRows = kWidth == 16 ? 12 : 6;
// Of x, and of weights: what stays in the second-level cache.
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

// x / (1 + e^-x) and x (1 + erf(x / sqrt 2)) / 2; relu is done before the sums are stored.
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

// sum(r, c, bias): vector c of row r, its bias added. The product with a scale and this addition stand in one
// expression there: that they become one instruction, rounded once, must not depend on the tile.
template <int R, int C, typename Sum>
inline void store_tile(const PanelOutput& output, int64_t row, int64_t panel, Sum sum) {
  const float* bias = output.bias + panel * kPanel;
  for (int r = 0; r < R; ++r) {
    float* out = output.out + (row + r) * output.out_stride + panel * kPanel;
    for (int c = 0; c < C; ++c) {
      const Vec y = sum(r, c, load(bias + c * kWidth));
      store(out + c * kWidth, output.activation == Activation::kRelu ? larger(y, all(0.0f)) : y);
    }
    activate_stored(output.activation, out, C * kWidth);
  }
}

// Weights that are wanted later: a tile asks for them, a little with each step of depth, while it computes
// with others. They come from memory as fast as one core can read it; waiting for them adds to computing.
struct Ahead {
  const char* from;
  int64_t step;  // bytes
  void ask() {
    __builtin_prefetch(from, 0, 2);  // for the second-level cache
    from += step;
  }
};

// Rows row .. row+R-1 of P panels.
template <int R, int P, typename Weight>
inline void panel_tile(const PanelProduct<Weight>& m, int64_t row, int64_t panel, Ahead ahead) {
  constexpr int C = P * kPanelVectors;
  Vec sums[R][C] = {};
  const float* x = m.x + row * m.x_stride;
  const int64_t x_stride = m.x_stride, panel_size = m.depth * kPanel;
  const Weight* weights = m.panels + panel * panel_size;
  for (int64_t k = 0; k < m.depth; ++k, weights += kPanel) {
    const auto weight = [&](int c) {
      return load_weights(weights + c / kPanelVectors * panel_size + c % kPanelVectors * kWidth);
    };
    // What is fewer stays in registers: one panel's weights, or the numbers of few rows.
    if constexpr (P == 1) {
      ahead.ask();
      const Vec first = weight(0), second = weight(1);
      for (int r = 0; r < R; ++r) {
        const Vec factor = all(x[r * x_stride + k]);
        sums[r][0] += factor * first;
        sums[r][1] += factor * second;
      }
    } else {
      for (int c = 0; c < C; ++c) {
        const Vec w = weight(c);
        for (int r = 0; r < R; ++r) sums[r][c] += x[r * x_stride + k] * w;
      }
    }
  }
  store_tile<R, C>(m.output, row, panel, [&](int r, int c, Vec bias) { return sums[r][c] + bias; });
}

// Whole numbers: vectors of groups of weights, each multiplied by a group of x and summed into 32 bits.
#if defined(__AVX512VNNI__)
typedef uint8_t Activation8;
typedef __m512i Group;
constexpr int kGroup = 4, kTooLarge = 128;
inline Group load_group(const int8_t* from) {
  return _mm512_loadu_si512(from);
}
inline IntVec add_group(IntVec sum, Group weights, int32_t x) {
  return (IntVec)_mm512_dpbusd_epi32((__m512i)sum, _mm512_set1_epi32(x), weights);
}
#else
typedef int16_t Activation8;
constexpr int kGroup = 2, kTooLarge = 0;
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
  const IntVec both = (IntVec)weights;  // the lower half of each is the first of the pair
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
inline void int8_tile(const Int8PanelProduct& m, int64_t row, int64_t panel, Ahead ahead) {
  constexpr int C = P * kPanelVectors;
  IntVec sums[R][C] = {};
  if constexpr (kTooLarge != 0) {
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
      return load_group(weights + c / kPanelVectors * panel_size + c % kPanelVectors * kGroup * kWidth);
    };
    if constexpr (P == 1) {
      ahead.ask();
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

// How tiles of a kind of product are called.
struct FloatTiles {
  static constexpr int64_t kBytes = sizeof(float), kStep = 1;  // of a number of x; of depth at once
  template <int R, int P, typename Product>
  static void run(const Product& m, int64_t row, int64_t panel, Ahead ahead) {
    panel_tile<R, P>(m, row, panel, ahead);
  }
};
struct Int8Tiles {
  static constexpr int64_t kBytes = sizeof(Activation8), kStep = kGroup;
  template <int R, int P, typename Product>
  static void run(const Product& m, int64_t row, int64_t panel, Ahead ahead) {
    int8_tile<R, P>(m, row, panel, ahead);
  }
};

// Few rows: several panels at a time, so that enough sums are under way to hide the latency of each.
template <int R, int P, typename Tiles, typename Product>
void few_rows(const Product& m) {
  const Ahead nothing{reinterpret_cast<const char*>(m.x), 0};
  int64_t panel = m.output.first_panel;
  for (; panel + P <= m.output.last_panel; panel += P) Tiles::template run<R, P>(m, 0, panel, nothing);
  for (; panel < m.output.last_panel; ++panel) Tiles::template run<R, 1>(m, 0, panel, nothing);
}

template <int R, typename Tiles, typename Product>
inline void some_rows(const Product& m, int64_t rows, int64_t row, int64_t panel, Ahead ahead) {
  if constexpr (R > 0) {
    if (rows == R)
      Tiles::template run<R, 1>(m, row, panel, ahead);
    else
      some_rows<R - 1, Tiles>(m, rows, row, panel, ahead);
  }
}

// Rows begin .. end-1 in tiles of about equal height, some panels at a time: their weights stay in the
// second-level cache, a tile's rows in the first, and what is stored to a row lies side by side. Meanwhile
// the next panels come.
template <typename Tiles, typename Product>
void row_block(const Product& m, int64_t begin, int64_t end) {
  const int64_t rows = end - begin, tiles = (rows + kTileRows - 1) / kTileRows;
  const int64_t panel_bytes = m.depth * kPanel * static_cast<int64_t>(sizeof *m.panels);
  const int64_t group = panel_bytes < kPanelGroupBytes ? kPanelGroupBytes / panel_bytes : 1;
  for (int64_t first = m.output.first_panel; first < m.output.last_panel; first += group) {
    const int64_t last = first + group < m.output.last_panel ? first + group : m.output.last_panel;
    for (int64_t i = 0; i < tiles; ++i) {
      const int64_t from = begin + rows * i / tiles, to = begin + rows * (i + 1) / tiles;
      for (int64_t panel = first; panel < last; ++panel) {
        // Its share of the panel as far behind it as a group is long.
        const auto* next = reinterpret_cast<const char*>(m.panels) + (panel + group) * panel_bytes;
        const Ahead ahead =
            panel + group < m.output.last_panel
                ? Ahead{next + panel_bytes * i / tiles, panel_bytes / tiles * Tiles::kStep / m.depth}
                : Ahead{reinterpret_cast<const char*>(m.x), 0};
        some_rows<kTileRows, Tiles>(m, to - from, from, panel, ahead);
      }
    }
  }
}

template <typename Tiles, typename Product>
void multiply_panels(const Product& m) {
  if (m.rows == 1) return few_rows<1, 4, Tiles>(m);
  if (m.rows == 2) return few_rows<2, 3, Tiles>(m);
  if (m.rows == 3) return few_rows<3, 2, Tiles>(m);
  const int64_t row_bytes = m.depth * Tiles::kBytes;
  const int64_t fitting = kRowBlockBytes / row_bytes, most = fitting > kTileRows ? fitting : kTileRows;
  const int64_t blocks = (m.rows + most - 1) / most;
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

void quantise(const float* x, int64_t x_stride, int64_t rows, int64_t depth, void* into, int64_t to_stride,
              float limit, float* scales) {
  typedef Activation8 NarrowVec __attribute__((vector_size(sizeof(Activation8) * kWidth)));
  auto* to = static_cast<Activation8*>(into);
  for (int64_t row = 0; row < rows; ++row, x += x_stride, to += to_stride) {
    Vec most = all(0.0f);
    float largest = 0;
    int64_t i = 0;
    for (; i + kWidth <= depth; i += kWidth) most = larger(larger(load(x + i), -load(x + i)), most);
    for (; i < depth; ++i) largest = __builtin_fabsf(x[i]) > largest ? __builtin_fabsf(x[i]) : largest;
    largest = largest_of(most) > largest ? largest_of(most) : largest;
    scales[row] = largest / limit;
    const float factor = largest > 0 ? limit / largest : 0;
    const Vec magic = all(12582912.0f);
    for (i = 0; i + kWidth <= depth; i += kWidth) {
      const Vec whole = (load(x + i) * factor + magic) - magic;
      const NarrowVec narrow =
          __builtin_convertvector(__builtin_convertvector(whole, IntVec) + kTooLarge, NarrowVec);
      __builtin_memcpy(to + i, &narrow, sizeof narrow);
    }
    for (; i < depth; ++i)
      to[i] = static_cast<Activation8>(static_cast<int>(rounded(x[i] * factor)) + kTooLarge);
    for (; i < to_stride; ++i) to[i] = static_cast<Activation8>(kTooLarge);
  }
}

// ---- add and norm
// ----------------------------------------------------------------------------------------------

inline float mean_of(const float* row, int64_t size) {
  Vec total = all(0.0f);
  float rest = 0;
  int64_t i = 0;
  for (; i + kWidth <= size; i += kWidth) total += load(row + i);
  for (; i < size; ++i) rest += row[i];
  return (sum_of(total) + rest) / static_cast<float>(size);
}

void norm(const NormRows& rows) {
  const int64_t size = rows.size;
  for (int64_t row = 0; row < rows.rows; ++row) {
    float *x = rows.x + row * rows.stride, *out = rows.out + row * rows.stride;
    const float mean = rows.y ? add_row(x, rows.y + row * rows.stride, size, {}, 0, x) : mean_of(x, size);
    const float inverse = inverse_deviation(x, size, mean);
    int64_t i = 0;
    for (; i + kWidth <= size; i += kWidth)
      store(out + i, (load(x + i) - mean) * inverse * load(rows.gain + i) + load(rows.bias + i));
    for (; i < size; ++i) out[i] = (x[i] - mean) * inverse * rows.gain[i] + rows.bias[i];
  }
}

// ---- one query over a cache
// ------------------------------------------------------------------------------------

// The sum by halves: three additions instead of seven, one behind the other.
inline float quick_sum(Vec v) {
#if defined(__AVX512F__)
  return _mm512_reduce_add_ps((__m512)v);
#elif defined(__AVX2__)
  const __m256 whole = (__m256)v;
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(whole), _mm256_extractf128_ps(whole, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
#else
  return sum_of(v);
#endif
}

// scores[s] = q k_s scale for N positions from s on.
template <int N>
inline void some_scores(const CacheQuery& q, int64_t head, int64_t s, float* scores) {
  const float* query = q.query + head * q.head_size;
  Vec sums[N] = {};
  float rest[N] = {};
  int64_t i = 0;
  for (; i + kWidth <= q.head_size; i += kWidth) {
    const Vec part = load(query + i);
    for (int n = 0; n < N; ++n) sums[n] += part * load(q.rows[s + n] + head * q.head_size + i);
  }
  for (; i < q.head_size; ++i) {
    for (int n = 0; n < N; ++n) rest[n] += query[i] * q.rows[s + n][head * q.head_size + i];
  }
  for (int n = 0; n < N; ++n) scores[s + n] = (quick_sum(sums[n]) + rest[n]) * q.scale;
}

// C vectors of the mean of the values, from column `at` on.
template <int C>
inline void some_values(const CacheQuery& q, int64_t at, const float* weights, float* output) {
  Vec sums[C] = {};
  for (int64_t s = 0; s < q.count; ++s) {
    const float* value = q.rows[s] + q.value_offset + at;
    for (int c = 0; c < C; ++c) sums[c] += weights[s] * load(value + c * kWidth);
  }
  for (int c = 0; c < C; ++c) store(output + at + c * kWidth, sums[c]);
}

inline void head_values(const CacheQuery& q, int64_t head, const float* weights, float* output) {
  int64_t at = head * q.head_size;
  const int64_t end = at + q.head_size;
  for (; at + 8 * kWidth <= end; at += 8 * kWidth) some_values<8>(q, at, weights, output);
  for (; at + 4 * kWidth <= end; at += 4 * kWidth) some_values<4>(q, at, weights, output);
  for (; at + kWidth <= end; at += kWidth) some_values<1>(q, at, weights, output);
  for (; at < end; ++at) {
    float sum = 0;
    for (int64_t s = 0; s < q.count; ++s) sum += weights[s] * q.rows[s][q.value_offset + at];
    output[at] = sum;
  }
}

void attend_cache(const CacheQuery& q, float* output, float* scores) {
  for (int64_t head = 0; head < q.heads; ++head) {
    int64_t s = 0;
    for (; s + 4 <= q.count; s += 4) some_scores<4>(q, head, s, scores);
    for (; s < q.count; ++s) some_scores<1>(q, head, s, scores);
    for (; s < padded(q.count); ++s) scores[s] = -kInfinity;
    softmax_row(scores, padded(q.count));
    head_values(q, head, scores, output);
  }
}

// ---- the best of a row
// -----------------------------------------------------------------------------------------

// Puts x where it belongs among the `count` best so far, behind its equals.
inline void insert_best(float x, int32_t place, int64_t count, float* values, int32_t* places) {
  int64_t i = count - 1;
  for (; i > 0 && values[i - 1] < x; --i) {
    values[i] = values[i - 1];
    places[i] = places[i - 1];
  }
  values[i] = x;
  places[i] = place;
}

inline bool any_above(Vec v, float bound) {
#if defined(__AVX512F__)
  return _mm512_cmp_ps_mask((__m512)v, _mm512_set1_ps(bound), _CMP_GT_OQ) != 0;
#elif defined(__AVX2__)
  return _mm256_movemask_ps(_mm256_cmp_ps((__m256)v, _mm256_set1_ps(bound), _CMP_GT_OQ)) != 0;
#else
  bool any = false;
  for (int i = 0; i < kWidth; ++i) any = any || v[i] > bound;
  return any;
#endif
}

float best_of_row(const float* row, int64_t size, int64_t count, bool want_log_sum, float* values,
                  int32_t* places) {
  for (int64_t i = 0; i < count; ++i) values[i] = -kInfinity, places[i] = -1;
  const auto look_at = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      if (row[i] > values[count - 1]) insert_best(row[i], static_cast<int32_t>(i), count, values, places);
    }
  };
  constexpr int64_t kBlock = 4 * kWidth;
  int64_t at = 0;
  for (; at + kBlock <= size; at += kBlock) {
    const Vec a = larger(load(row + at), load(row + at + kWidth));
    const Vec b = larger(load(row + at + 2 * kWidth), load(row + at + 3 * kWidth));
    if (any_above(larger(a, b), values[count - 1])) look_at(at, at + kBlock);
  }
  look_at(at, size);
  const float largest = values[0];
  if (!want_log_sum || largest == -kInfinity) return want_log_sum ? -kInfinity : 0;
  Vec total = all(0.0f);
  float rest = 0;
  int64_t i = 0;
  for (; i + kWidth <= size; i += kWidth) total += exp_of(load(row + i) - largest);
  for (; i < size; ++i) rest += exp_of(all(row[i] - largest))[0];
  return largest + __builtin_logf(sum_of(total) + rest);
}

const PackedKernels packed_kernels = {
    kPanel,         {kGroup, sizeof(Activation8), kTooLarge == 0 ? 32767.0f : 127.0f, kTooLarge},
    multiply_float, multiply_bfloat16,
    multiply_int8,  quantise,
    norm,           attend_cache,
    best_of_row};
