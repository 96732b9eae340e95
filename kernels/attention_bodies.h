// Attention of one head in training (Vaswani et al. 2017, equation 1), forward and backward, a block of
// queries at a time.
#pragma once

#include "kernels/dropout_bodies.h"
#include "kernels/kernels.h"
#include "kernels/small_product_bodies.h"
#include "kernels/softmax_bodies.h"
#include "kernels/vector.h"

namespace dragoman::DRAGOMAN_KERNEL_VARIANT {
namespace {

constexpr int64_t kQueryBlock = 48;

// Queries begin .. end-1 of a head.
struct QueryBlock {
  int64_t begin, end;
};

// Calls use(block) for all queries.
template <typename Use>
inline void for_each_query_block(const AttentionHead& head, Use use) {
  for (int64_t begin = 0; begin < head.queries; begin += kQueryBlock)
    use(QueryBlock{begin, begin + kQueryBlock < head.queries ? begin + kQueryBlock : head.queries});
}

// [keys,head_size] rows --> [head_size, padded keys], zero-padded.
inline void transpose_rows(ConstRows rows, int64_t keys, int64_t head_size, float* to) {
  const int64_t width = padded(keys);
  for (int64_t s = 0; s < width; s += kWidth) {
    for (int64_t k = 0; k < head_size; k += kWidth) {
      Vec square[kWidth];
      for (int i = 0; i < kWidth; ++i)
        square[i] = s + i < keys ? load(rows.data + (s + i) * rows.stride + k) : broadcast(0.0f);
      transpose(square);
      for (int i = 0; i < kWidth; ++i) store(to + (k + i) * width + s, square[i]);
    }
  }
}

// The number of leading keys that some query of a block may attend to. All later keys are masked.
inline int64_t visible_keys(const AttentionHead& head, QueryBlock block) {
  if (!head.mask) return head.keys;
  int64_t visible = 0;
  const int64_t last = head.mask_stride == 0 ? block.begin + 1 : block.end;
  for (int64_t t = block.begin; t < last; ++t) {
    int64_t s = head.keys;
    while (s > visible && !head.mask[t * head.mask_stride + s - 1]) --s;
    visible = s;
  }
  return visible;
}

// scores --> scores * scale + (0 or -inf), for query t. The padding becomes -inf.
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

inline Dropper weight_dropper(const AttentionHead& head, int64_t t) {
  return Dropper(head.dropout, head.first_index + t * head.keys);
}

// keys_transposed: [head_size, padded keys]; weights: [kQueryBlock, padded keys], scratch.
inline void attend(const AttentionHead& head, QueryBlock block, const float* keys_transposed, float* weights,
                   const AttentionOutput& output) {
  const int64_t rows = block.end - block.begin, row_width = padded(head.keys);
  const int64_t visible = visible_keys(head, block), width = padded(visible);
  multiply<false>(rows, width, head.head_size,
                  {head.query + block.begin * head.query_stride, head.query_stride, 1},
                  {keys_transposed, row_width}, {weights, row_width});
  for (int64_t r = 0; r < rows; ++r) {
    float* row = weights + r * row_width;
    mask_row(head, block.begin + r, visible, row);
    output.log_sum[block.begin + r] = softmax_row(row, width);
    if (head.dropout.on()) {
      const Dropper drop = weight_dropper(head, block.begin + r);
      for (int64_t s = 0; s < width; s += kWidth) store(row + s, drop(load(row + s), s));
    }
  }
  multiply<false>(rows, head.head_size, visible, {weights, row_width, 1}, {head.value, head.key_stride},
                  {output.output + block.begin * output.stride, output.stride});
}

void attention(const AttentionHead& head, const AttentionOutput& output, float* scratch) {
  float* weights = scratch + head.head_size * padded(head.keys);
  transpose_rows({head.key, head.key_stride}, head.keys, head.head_size, scratch);
  for_each_query_block(head, [&](QueryBlock block) { attend(head, block, scratch, weights, output); });
}

inline float dot(const float* a, const float* b, int64_t size) {
  Vec total = broadcast(0.0f);
  for (int64_t i = 0; i < size; i += kWidth) total += load(a + i) * load(b + i);
  return reduce_sum(total);
}

// Scratch memory of the backward pass.
struct BackwardScratch {
  float *keys_transposed, *values_transposed;  // [head_size, padded keys]
  float *weights, *score_gradient;             // [kQueryBlock, padded keys]
};

// With P the weights, M the dropout mask (times 1/(1-p)), dO the gradient of the output:
//   dV = (P M)^T dO     dS = P (dO V^T M - dO . O) scale     dQ = dS K     dK = dS^T Q
inline void attend_backward(const AttentionHead& head, QueryBlock block, const AttentionGradient& g,
                            BackwardScratch scratch) {
  const int64_t begin = block.begin, rows = block.end - begin, row_width = padded(head.keys),
                size = head.head_size;
  const int64_t visible = visible_keys(head, block), width = padded(visible);
  const float* query = head.query + begin * head.query_stride;
  const float* gradient = g.output_gradient + begin * g.stride;
  multiply<false>(rows, width, size, {query, head.query_stride, 1}, {scratch.keys_transposed, row_width},
                  {scratch.weights, row_width});
  multiply<false>(rows, width, size, {gradient, g.stride, 1}, {scratch.values_transposed, row_width},
                  {scratch.score_gradient, row_width});
  for (int64_t r = 0; r < rows; ++r) {
    float *p = scratch.weights + r * row_width, *ds = scratch.score_gradient + r * row_width;
    const Vec log_sum = broadcast(g.log_sum[begin + r]);
    const Vec projection = broadcast(dot(gradient + r * g.stride, g.output + (begin + r) * g.stride, size));
    const Dropper drop = weight_dropper(head, begin + r);
    mask_row(head, begin + r, visible, p);
    for (int64_t s = 0; s < width; s += kWidth) {
      const Vec weight = exp_of(load(p + s) - log_sum);
      const Vec weight_gradient = head.dropout.on() ? drop(load(ds + s), s) : load(ds + s);
      store(ds + s, weight * (weight_gradient - projection) * head.scale);
      store(p + s, head.dropout.on() ? drop(weight, s) : weight);
    }
  }
  multiply<true>(visible, size, rows, {scratch.weights, 1, row_width}, {gradient, g.stride},
                 {g.value_gradient, head.key_stride});
  multiply<true>(visible, size, rows, {scratch.score_gradient, 1, row_width}, {query, head.query_stride},
                 {g.key_gradient, head.key_stride});
  multiply<false>(rows, size, visible, {scratch.score_gradient, row_width, 1}, {head.key, head.key_stride},
                  {g.query_gradient + begin * head.query_stride, head.query_stride});
}

void attention_backward(const AttentionHead& head, const AttentionGradient& gradient, float* scratch) {
  const int64_t transposed = head.head_size * padded(head.keys), block = kQueryBlock * padded(head.keys);
  const BackwardScratch parts{scratch, scratch + transposed, scratch + 2 * transposed,
                              scratch + 2 * transposed + block};
  transpose_rows({head.key, head.key_stride}, head.keys, head.head_size, parts.keys_transposed);
  transpose_rows({head.value, head.key_stride}, head.keys, head.head_size, parts.values_transposed);
  for (int64_t s = 0; s < head.keys; ++s) {
    for (int64_t k = 0; k < head.head_size; k += kWidth) {
      store(gradient.key_gradient + s * head.key_stride + k, broadcast(0.0f));
      store(gradient.value_gradient + s * head.key_stride + k, broadcast(0.0f));
    }
  }
  for_each_query_block(head, [&](QueryBlock queries) { attend_backward(head, queries, gradient, parts); });
}

}  // namespace
}  // namespace dragoman::DRAGOMAN_KERNEL_VARIANT
