// The kernels themselves; kernels.h says what they compute. Every variant_*.cpp includes this once.
#include <cstdint>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "kernels/kernels.h"

namespace dragoman::DRAGOMAN_KERNEL_VARIANT {
namespace {

constexpr int64_t kWidth = DRAGOMAN_KERNEL_WIDTH;
#include "kernels/vector.h"

constexpr float kInfinity = __builtin_inff();

// ---- dropout
// ---------------------------------------------------------------------------------------------------

// The finaliser of MurmurHash3 (Appleby) over a Weyl sequence: every bit of the index and of the seed reaches
// every bit of the result. Thirty-two bits, so that a vector of them is hashed at once.
template <typename T>
inline T hashed(T index, uint32_t seed) {
  T h = index * 0x9E3779B9u + seed;
  h = (h ^ (h >> 16)) * 0x85EBCA6Bu;
  h = (h ^ (h >> 13)) * 0xC2B2AE35u;
  return h ^ (h >> 16);
}

// Numbers begin, begin+1, .. of one draw. More than 2^32 numbers go on with another seed.
class Dropper {
 public:
  Dropper(const DropoutDraw& draw, uint64_t begin)
      : draw_(draw),
        seed_(static_cast<uint32_t>(draw.seed) ^ static_cast<uint32_t>(draw.seed >> 32) ^
              hashed(static_cast<uint32_t>(begin >> 32), 0x5851F42Du)),
        index_(static_cast<uint32_t>(begin)) {
    for (int i = 0; i < kWidth; ++i) steps_[i] = static_cast<uint32_t>(i);
  }
  // x is the vector of numbers begin+i ..
  Vec operator()(Vec x, int64_t i) const {
    const UintVec h = hashed(steps_ + (index_ + static_cast<uint32_t>(i)), seed_);
    return h < draw_.threshold ? all(0.0f) : x * draw_.scale;
  }
  float one(float x, int64_t i) const {
    return hashed(index_ + static_cast<uint32_t>(i), seed_) < draw_.threshold ? 0.0f : x * draw_.scale;
  }

 private:
  DropoutDraw draw_;
  uint32_t seed_, index_;
  UintVec steps_;
};

void dropout(const float* from, float* to, int64_t first, int64_t count, const DropoutDraw& draw) {
  const Dropper drop(draw, static_cast<uint64_t>(first));
  int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) store(to + i, drop(load(from + i), i));
  for (; i < count; ++i) to[i] = drop.one(from[i], i);
}

// ---- add and norm
// ----------------------------------------------------------------------------------------------

constexpr float kNormEpsilon = 1e-5f;

// sum = x + dropped(y); returns the mean of the row.
inline float add_row(const float* x, const float* y, int64_t size, const DropoutDraw& draw, uint64_t first,
                     float* sum) {
  const Dropper drop(draw, first);
  Vec total = all(0.0f);
  float rest = 0;
  int64_t i = 0;
  for (; i + kWidth <= size; i += kWidth) {
    const Vec z = load(x + i) + (draw.on() ? drop(load(y + i), i) : load(y + i));
    store(sum + i, z);
    total += z;
  }
  for (; i < size; ++i) {
    sum[i] = x[i] + (draw.on() ? drop.one(y[i], i) : y[i]);
    rest += sum[i];
  }
  return (sum_of(total) + rest) / static_cast<float>(size);
}

inline float inverse_deviation(const float* row, int64_t size, float mean) {
  Vec total = all(0.0f);
  float rest = 0;
  int64_t i = 0;
  for (; i + kWidth <= size; i += kWidth) {
    const Vec d = load(row + i) - mean;
    total += d * d;
  }
  for (; i < size; ++i) rest += (row[i] - mean) * (row[i] - mean);
  return 1 / __builtin_sqrtf((sum_of(total) + rest) / static_cast<float>(size) + kNormEpsilon);
}

void add_norm(const float* x, const float* y, const float* gain, const float* bias, int64_t first_row,
              int64_t rows, int64_t size, const DropoutDraw& draw, float* sum, float* normalised,
              float* statistics) {
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t at = row * size;
    const float mean =
        add_row(x + at, y + at, size, draw, static_cast<uint64_t>((first_row + row) * size), sum + at);
    const float inverse = inverse_deviation(sum + at, size, mean);
    int64_t i = 0;
    for (; i + kWidth <= size; i += kWidth)
      store(normalised + at + i, (load(sum + at + i) - mean) * inverse * load(gain + i) + load(bias + i));
    for (; i < size; ++i) normalised[at + i] = (sum[at + i] - mean) * inverse * gain[i] + bias[i];
    statistics[2 * row] = mean;
    statistics[2 * row + 1] = inverse;
  }
}

// With n the normalised row before gain and bias, and g = gradient * gain:
//   d loss / d sum = (g - mean(g) - n mean(g n)) / deviation
void add_norm_backward(const float* gradient, const float* sum, const float* statistics, const float* gain,
                       int64_t first_row, int64_t rows, int64_t size, const DropoutDraw& draw,
                       float* x_gradient, float* y_gradient, float* gain_gradient, float* bias_gradient) {
  for (int64_t row = 0; row < rows; ++row) {
    const float *dy = gradient + row * size, *z = sum + row * size;
    float *dx = x_gradient + row * size, *ds = y_gradient + row * size;
    const float mean = statistics[2 * row], inverse = statistics[2 * row + 1];
    Vec g_total = all(0.0f), gn_total = all(0.0f);
    float g_rest = 0, gn_rest = 0;
    int64_t i = 0;
    for (; i + kWidth <= size; i += kWidth) {
      const Vec d = load(dy + i), n = (load(z + i) - mean) * inverse, g = d * load(gain + i);
      store(gain_gradient + i, load(gain_gradient + i) + d * n);
      store(bias_gradient + i, load(bias_gradient + i) + d);
      g_total += g;
      gn_total += g * n;
    }
    for (; i < size; ++i) {
      const float n = (z[i] - mean) * inverse, g = dy[i] * gain[i];
      gain_gradient[i] += dy[i] * n;
      bias_gradient[i] += dy[i];
      g_rest += g;
      gn_rest += g * n;
    }
    const float g_mean = (sum_of(g_total) + g_rest) / static_cast<float>(size);
    const float gn_mean = (sum_of(gn_total) + gn_rest) / static_cast<float>(size);
    const Dropper drop(draw, static_cast<uint64_t>((first_row + row) * size));
    for (i = 0; i + kWidth <= size; i += kWidth) {
      const Vec n = (load(z + i) - mean) * inverse;
      const Vec d = (load(dy + i) * load(gain + i) - g_mean - n * gn_mean) * inverse;
      store(dx + i, d);
      store(ds + i, draw.on() ? drop(d, i) : d);
    }
    for (; i < size; ++i) {
      const float n = (z[i] - mean) * inverse;
      dx[i] = (dy[i] * gain[i] - g_mean - n * gn_mean) * inverse;
      ds[i] = draw.on() ? drop.one(dx[i], i) : dx[i];
    }
  }
}

// ---- products of small matrices
// --------------------------------------------------------------------------------

// A matrix that is read number by number: (i,k) at data[i * row + k * column].
struct Left {
  const float* data;
  int64_t row, column;
};

// R rows and C vectors of columns of C = A B; held in registers.
template <int R, int C, bool kAdd>
inline void tile(int64_t depth, const float* a, int64_t a_row, int64_t a_column, const float* b,
                 int64_t b_row, float* c, int64_t c_row) {
  Vec sums[R][C];
  for (int r = 0; r < R; ++r)
    for (int j = 0; j < C; ++j) sums[r][j] = kAdd ? load(c + r * c_row + j * kWidth) : all(0.0f);
  for (int64_t k = 0; k < depth; ++k) {
    Vec row[C];
    for (int j = 0; j < C; ++j) row[j] = load(b + k * b_row + j * kWidth);
    for (int r = 0; r < R; ++r) {
      const float factor = a[r * a_row + k * a_column];
      for (int j = 0; j < C; ++j) sums[r][j] += factor * row[j];
    }
  }
  for (int r = 0; r < R; ++r)
    for (int j = 0; j < C; ++j) store(c + r * c_row + j * kWidth, sums[r][j]);
}

// Rows i .. i+R-1.
template <int R, bool kAdd>
inline void rows_of_tiles(int64_t i, int64_t columns, int64_t depth, const Left& a, const float* b,
                          int64_t b_row, float* c, int64_t c_row) {
  const float* first = a.data + i * a.row;
  c += i * c_row;
  int64_t j = 0;
  for (; j + 2 * kWidth <= columns; j += 2 * kWidth)
    tile<R, 2, kAdd>(depth, first, a.row, a.column, b + j, b_row, c + j, c_row);
  if (j < columns) tile<R, 1, kAdd>(depth, first, a.row, a.column, b + j, b_row, c + j, c_row);
}

// c [rows,columns] = (kAdd ? c : 0) + a [rows,depth] b [depth,columns]; columns: a multiple of kWidth.
template <bool kAdd>
void multiply(int64_t rows, int64_t columns, int64_t depth, const Left& a, const float* b, int64_t b_row,
              float* c, int64_t c_row) {
  int64_t i = 0;
  for (; i + 6 <= rows; i += 6) rows_of_tiles<6, kAdd>(i, columns, depth, a, b, b_row, c, c_row);
  for (; i + 2 <= rows; i += 2) rows_of_tiles<2, kAdd>(i, columns, depth, a, b, b_row, c, c_row);
  if (i < rows) rows_of_tiles<1, kAdd>(i, columns, depth, a, b, b_row, c, c_row);
}

// ---- attention
// -------------------------------------------------------------------------------------------------

constexpr int64_t kQueryBlock = 48;

inline int64_t padded(int64_t keys) {
  return (keys + kWidth - 1) / kWidth * kWidth;
}

// [keys,head_size] rows --> [head_size, padded keys], zeros behind.
inline void transpose(const float* rows, int64_t stride, int64_t keys, int64_t head_size, float* to) {
  const int64_t width = padded(keys);
  for (int64_t s = 0; s < width; s += kWidth) {
    for (int64_t k = 0; k < head_size; k += kWidth) {
      Vec square[kWidth];
      for (int i = 0; i < kWidth; ++i)
        square[i] = s + i < keys ? load(rows + (s + i) * stride + k) : all(0.0f);
      turn(square);
      for (int i = 0; i < kWidth; ++i) store(to + (k + i) * width + s, square[i]);
    }
  }
}

// How many keys the queries begin .. end-1 may attend to: behind the last one all is masked for all of them.
inline int64_t visible_keys(const AttentionHead& head, int64_t begin, int64_t end) {
  if (!head.mask) return head.keys;
  int64_t visible = 0;
  const int64_t last = head.mask_stride == 0 ? begin + 1 : end;
  for (int64_t t = begin; t < last; ++t) {
    int64_t s = head.keys;
    while (s > visible && !head.mask[t * head.mask_stride + s - 1]) --s;
    visible = s;
  }
  return visible;
}

// scores --> scores * scale + (0 or -inf), for query t; -inf behind the keys.
inline void mask_row(const AttentionHead& head, int64_t t, int64_t visible, float* row) {
  const int64_t width = padded(visible);
  for (int64_t s = 0; s < width; s += kWidth) store(row + s, load(row + s) * head.scale);
  if (head.mask) {
    const bool* mask = head.mask + t * head.mask_stride;
    for (int64_t s = 0; s < visible; ++s)
      if (!mask[s]) row[s] = -kInfinity;
  }
  for (int64_t s = visible; s < width; ++s) row[s] = -kInfinity;
}

// Returns log sum exp of the row, which becomes the softmax of it.
inline float softmax_row(float* row, int64_t width) {
  Vec most = all(-kInfinity);
  for (int64_t s = 0; s < width; s += kWidth) most = larger(most, load(row + s));
  const float largest = largest_of(most);
  if (largest == -kInfinity) {
    for (int64_t s = 0; s < width; s += kWidth) {
      const Vec x = load(row + s);
      store(row + s, x == x ? all(0.0f) : x);  // the maximum passes NaN over: it is kept here
    }
    return kInfinity;
  }
  Vec total = all(0.0f);
  for (int64_t s = 0; s < width; s += kWidth) {
    const Vec e = exp_of(load(row + s) - largest);
    store(row + s, e);
    total += e;
  }
  const float sum = sum_of(total);
  for (int64_t s = 0; s < width; s += kWidth) store(row + s, load(row + s) * (1 / sum));
  return largest + __builtin_logf(sum);
}

inline Dropper weight_dropper(const AttentionHead& head, int64_t t) {
  return Dropper(head.dropout, head.first_index + static_cast<uint64_t>(t * head.keys));
}

inline void attend(const AttentionHead& head, int64_t begin, int64_t end, const float* keys_across,
                   float* weights, float* output, int64_t output_stride, float* log_sum) {
  const int64_t rows = end - begin, row_width = padded(head.keys);
  const int64_t visible = visible_keys(head, begin, end), width = padded(visible);
  multiply<false>(rows, width, head.head_size, {head.query + begin * head.query_stride, head.query_stride, 1},
                  keys_across, row_width, weights, row_width);
  for (int64_t r = 0; r < rows; ++r) {
    float* row = weights + r * row_width;
    mask_row(head, begin + r, visible, row);
    log_sum[begin + r] = softmax_row(row, width);
    if (head.dropout.on()) {
      const Dropper drop = weight_dropper(head, begin + r);
      for (int64_t s = 0; s < width; s += kWidth) store(row + s, drop(load(row + s), s));
    }
  }
  multiply<false>(rows, head.head_size, visible, {weights, row_width, 1}, head.value, head.key_stride,
                  output + begin * output_stride, output_stride);
}

void attention(const AttentionHead& head, float* output, int64_t output_stride, float* log_sum,
               float* scratch) {
  float* weights = scratch + head.head_size * padded(head.keys);
  transpose(head.key, head.key_stride, head.keys, head.head_size, scratch);
  for (int64_t begin = 0; begin < head.queries; begin += kQueryBlock) {
    const int64_t end = begin + kQueryBlock < head.queries ? begin + kQueryBlock : head.queries;
    attend(head, begin, end, scratch, weights, output, output_stride, log_sum);
  }
}

inline float dot(const float* a, const float* b, int64_t size) {
  Vec total = all(0.0f);
  for (int64_t i = 0; i < size; i += kWidth) total += load(a + i) * load(b + i);
  return sum_of(total);
}

// With P the weights, M what dropout leaves of them (times 1/(1-p)), dO the gradient of the output:
//   dV = (P M)^T dO     dS = P (dO V^T M - dO . O) scale     dQ = dS K     dK = dS^T Q
inline void attend_backward(const AttentionHead& head, int64_t begin, int64_t end, const float* keys_across,
                            const float* values_across, float* weights, float* score_gradient,
                            const float* output, const float* output_gradient, int64_t output_stride,
                            const float* log_sum, float* query_gradient, float* key_gradient,
                            float* value_gradient) {
  const int64_t rows = end - begin, row_width = padded(head.keys), size = head.head_size;
  const int64_t visible = visible_keys(head, begin, end), width = padded(visible);
  const float* query = head.query + begin * head.query_stride;
  const float* gradient = output_gradient + begin * output_stride;
  multiply<false>(rows, width, size, {query, head.query_stride, 1}, keys_across, row_width, weights,
                  row_width);
  multiply<false>(rows, width, size, {gradient, output_stride, 1}, values_across, row_width, score_gradient,
                  row_width);
  for (int64_t r = 0; r < rows; ++r) {
    float *p = weights + r * row_width, *ds = score_gradient + r * row_width;
    const Vec total = all(log_sum[begin + r]);
    const Vec projection = all(dot(gradient + r * output_stride, output + (begin + r) * output_stride, size));
    const Dropper drop = weight_dropper(head, begin + r);
    mask_row(head, begin + r, visible, p);
    for (int64_t s = 0; s < width; s += kWidth) {
      const Vec weight = exp_of(load(p + s) - total);
      const Vec of_weight = head.dropout.on() ? drop(load(ds + s), s) : load(ds + s);
      store(ds + s, weight * (of_weight - projection) * head.scale);
      store(p + s, head.dropout.on() ? drop(weight, s) : weight);
    }
  }
  multiply<true>(visible, size, rows, {weights, 1, row_width}, gradient, output_stride, value_gradient,
                 head.key_stride);
  multiply<true>(visible, size, rows, {score_gradient, 1, row_width}, query, head.query_stride, key_gradient,
                 head.key_stride);
  multiply<false>(rows, size, visible, {score_gradient, row_width, 1}, head.key, head.key_stride,
                  query_gradient + begin * head.query_stride, head.query_stride);
}

void attention_backward(const AttentionHead& head, const float* output, const float* output_gradient,
                        int64_t output_stride, const float* log_sum, float* query_gradient,
                        float* key_gradient, float* value_gradient, float* scratch) {
  const int64_t across = head.head_size * padded(head.keys);
  float *keys_across = scratch, *values_across = scratch + across, *weights = values_across + across,
        *score_gradient = weights + kQueryBlock * padded(head.keys);
  transpose(head.key, head.key_stride, head.keys, head.head_size, keys_across);
  transpose(head.value, head.key_stride, head.keys, head.head_size, values_across);
  for (int64_t s = 0; s < head.keys; ++s) {
    for (int64_t k = 0; k < head.head_size; k += kWidth) {
      store(key_gradient + s * head.key_stride + k, all(0.0f));
      store(value_gradient + s * head.key_stride + k, all(0.0f));
    }
  }
  for (int64_t begin = 0; begin < head.queries; begin += kQueryBlock) {
    const int64_t end = begin + kQueryBlock < head.queries ? begin + kQueryBlock : head.queries;
    attend_backward(head, begin, end, keys_across, values_across, weights, score_gradient, output,
                    output_gradient, output_stride, log_sum, query_gradient, key_gradient, value_gradient);
  }
}

#include "kernels/lines.h"
#include "kernels/loss_bodies.h"
#include "kernels/packed_bodies.h"

// Behind lines.h, which they use.
#include "kernels/half_product_bodies.h"
#include "kernels/product_bodies.h"

}  // namespace

extern const Kernels kernels;
#define DRAGOMAN_TEXT_OF(x) #x
#define DRAGOMAN_NAME_OF(x) DRAGOMAN_TEXT_OF(x)
const Kernels kernels = {DRAGOMAN_NAME_OF(DRAGOMAN_KERNEL_VARIANT),
                         kWidth,
                         dropout,
                         add_norm,
                         add_norm_backward,
                         attention,
                         attention_backward,
                         product,
#if defined(__AVX512FP16__)
                         half_product,
#else
                         nullptr,
#endif
                         nullptr,  // bfloat16_product: kernels/variant_amx.cpp
                         cross_entropy,
                         &packed_kernels};

}  // namespace dragoman::DRAGOMAN_KERNEL_VARIANT
