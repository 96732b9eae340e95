// Layer norm with the residual addition before it: for training, forward and backward, and for decoding.
#pragma once

#include "kernels/dropout_bodies.h"
#include "kernels/kernels.h"
#include "kernels/vector.h"

namespace dragoman::DRAGOMAN_KERNEL_VARIANT {
namespace {

constexpr float kNormEpsilon = 1e-5f;

inline float mean_of(const float* row, int64_t size) {
  Vec total = broadcast(0.0f);
  float rest = 0;
  int64_t i = 0;
  for (; i + kWidth <= size; i += kWidth) total += load(row + i);
  for (; i < size; ++i) rest += row[i];
  return (reduce_sum(total) + rest) / size;
}

// sum = x + dropout(y), where `first` is the index of y[0] in its tensor. Returns the mean of the row.
inline float add_row(const float* x, const float* y, int64_t size, const DropoutDraw& draw, uint64_t first,
                     float* sum) {
  const Dropper drop(draw, first);
  Vec total = broadcast(0.0f);
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
  return (reduce_sum(total) + rest) / size;
}

inline float inverse_deviation(const float* row, int64_t size, float mean) {
  Vec total = broadcast(0.0f);
  float rest = 0;
  int64_t i = 0;
  for (; i + kWidth <= size; i += kWidth) {
    const Vec d = load(row + i) - mean;
    total += d * d;
  }
  for (; i < size; ++i) rest += (row[i] - mean) * (row[i] - mean);
  return 1 / __builtin_sqrtf((reduce_sum(total) + rest) / size + kNormEpsilon);
}

struct GainBias {
  const float *gain, *bias;
};

// out = (row - mean) * inverse * gain + bias. out may be row.
inline void normalise_row(const float* row, int64_t size, float mean, float inverse, GainBias to,
                          float* out) {
  int64_t i = 0;
  for (; i + kWidth <= size; i += kWidth)
    store(out + i, (load(row + i) - mean) * inverse * load(to.gain + i) + load(to.bias + i));
  for (; i < size; ++i) out[i] = (row[i] - mean) * inverse * to.gain[i] + to.bias[i];
}

void add_norm(const AddNormForward& rows) {
  const int64_t size = rows.size, row_count = rows.rows, first_row = rows.first_row;
  const float *x = rows.x, *y = rows.y;
  const GainBias to{rows.gain, rows.bias};
  float *sum = rows.sum, *normalised = rows.normalised, *statistics = rows.statistics;
  for (int64_t row = 0; row < row_count; ++row) {
    const int64_t at = row * size;
    const float mean = add_row(x + at, y + at, size, rows.dropout, (first_row + row) * size, sum + at);
    const float inverse = inverse_deviation(sum + at, size, mean);
    normalise_row(sum + at, size, mean, inverse, to, normalised + at);
    statistics[2 * row] = mean;
    statistics[2 * row + 1] = inverse;
  }
}

// With n the normalised row before gain and bias, and g = normalised_gradient * gain:
//   d loss / d sum = (g - mean(g) - n mean(g n)) / deviation
void add_norm_backward(const AddNormBackward& rows) {
  const AddNormBackward b = rows;  // a copy, which no store can change
  const int64_t size = b.size;
  for (int64_t row = 0; row < b.rows; ++row) {
    const float *dy = b.normalised_gradient + row * size, *z = b.sum + row * size;
    float *dx = b.x_gradient + row * size, *ds = b.y_gradient + row * size;
    const float mean = b.statistics[2 * row], inverse = b.statistics[2 * row + 1];
    Vec g_total = broadcast(0.0f), gn_total = broadcast(0.0f);
    float g_rest = 0, gn_rest = 0;
    int64_t i = 0;
    for (; i + kWidth <= size; i += kWidth) {
      const Vec d = load(dy + i), n = (load(z + i) - mean) * inverse, g = d * load(b.gain + i);
      store(b.gain_gradient + i, load(b.gain_gradient + i) + d * n);
      store(b.bias_gradient + i, load(b.bias_gradient + i) + d);
      g_total += g;
      gn_total += g * n;
    }
    for (; i < size; ++i) {
      const float n = (z[i] - mean) * inverse, g = dy[i] * b.gain[i];
      b.gain_gradient[i] += dy[i] * n;
      b.bias_gradient[i] += dy[i];
      g_rest += g;
      gn_rest += g * n;
    }
    const float g_mean = (reduce_sum(g_total) + g_rest) / size;
    const float gn_mean = (reduce_sum(gn_total) + gn_rest) / size;
    const Dropper drop(b.dropout, (b.first_row + row) * size);
    for (i = 0; i + kWidth <= size; i += kWidth) {
      const Vec n = (load(z + i) - mean) * inverse;
      const Vec d = (load(dy + i) * load(b.gain + i) - g_mean - n * gn_mean) * inverse;
      store(dx + i, d);
      store(ds + i, b.dropout.on() ? drop(d, i) : d);
    }
    for (; i < size; ++i) {
      const float n = (z[i] - mean) * inverse;
      dx[i] = (dy[i] * b.gain[i] - g_mean - n * gn_mean) * inverse;
      ds[i] = b.dropout.on() ? drop.one(dx[i], i) : dx[i];
    }
  }
}

void norm(const NormRows& rows) {
  const NormRows n = rows;  // a copy, which no store can change
  for (int64_t row = 0; row < n.rows; ++row) {
    float *x = n.x + row * n.stride, *out = n.out + row * n.stride;
    const float mean = n.y ? add_row(x, n.y + row * n.stride, n.size, {}, 0, x) : mean_of(x, n.size);
    normalise_row(x, n.size, mean, inverse_deviation(x, n.size, mean), {n.gain, n.bias}, out);
  }
}

}  // namespace
}  // namespace dragoman::DRAGOMAN_KERNEL_VARIANT
