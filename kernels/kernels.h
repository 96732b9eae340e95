// The loops that LibTorch's operators leave slow: several passes over memory where one will do, on arrays of
// float32, without LibTorch. Each is compiled once for every instruction set (kernels/variant_*.cpp, all from
// kernels/bodies.h) and chosen when the program starts; what they compute is what the blocks in model/ say,
// and the tests compare the two.
//
// Arrays are dense and row-major unless a stride (in floats) is given. Nothing here allocates or throws.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/packed.h"

namespace dragoman {

// Which numbers of a tensor fall: number i does when hash(seed, i) < threshold. A pure function of both, so
// that the derivative asks again and no mask is stored.
struct DropoutDraw {
  uint64_t seed = 0;
  uint32_t threshold = 0;  // p * 2^32; 0: nothing falls
  float scale = 1;         // 1 / (1-p)

  static DropoutDraw with(double p, uint64_t seed);  // p in [0,1)
  bool on() const { return threshold != 0; }
};

// One head of one sentence.
struct AttentionHead {
  int64_t queries, keys, head_size;  // head_size: a multiple of Kernels::width
  const float *query, *key, *value;  // rows of head_size
  int64_t query_stride, key_stride;  // from row to row; value's is key's
  const bool* mask;                  // (t,s) at mask[t * mask_stride + s], true: attended to; null: all are
  int64_t mask_stride;
  float scale;           // of the scores: 1/sqrt(head_size)
  DropoutDraw dropout;   // on the attention weights
  uint64_t first_index;  // of weight (0,0), for the dropout; (t,s) is at first_index + t*keys + s
};

// c = a b, c += a b when `add`, or c = a b + bias in each row when there is one. Row i, step k of a at
// a[i * a_row + k * a_step]; step k, column j of b at b[k * b_step + j * b_column]; c row-major.
struct Product {
  int64_t rows, depth, columns;
  const float* a;
  int64_t a_row, a_step;
  const float* b;
  int64_t b_step, b_column;
  float* c;
  int64_t c_stride;
  bool add;
  const float* bias = nullptr;  // [columns], not together with `add`
};
inline constexpr int64_t kProductScratch = 5 << 18;  // floats, 5 MB

struct RowLoss {
  float smoothed, cross_entropy;
};

struct Kernels {
  const char* name;  // amx, avx512fp16, avx512vnni, avx512, avx2 or portable
  int64_t width;     // floats in a vector

  // to[i] = from[i] / (1-p) or 0, for the numbers first .. first+count-1 of a tensor; from may be to.
  void (*dropout)(const float* from, float* to, int64_t first, int64_t count, const DropoutDraw& draw);

  // Post-norm: sum = x + dropout(y), normalised = layer norm of sum (gain, bias, epsilon 1e-5). Rows
  // first_row .. first_row+rows-1 of tensors [N,size]; the pointers are at the first of them.
  // statistics: mean and 1/deviation of each row, [rows,2]; kept, with sum, for the derivative.
  void (*add_norm)(const float* x, const float* y, const float* gain, const float* bias, int64_t first_row,
                   int64_t rows, int64_t size, const DropoutDraw& draw, float* sum, float* normalised,
                   float* statistics);
  // gradient: of normalised. Writes x_gradient and y_gradient, adds to gain_gradient and bias_gradient
  // [size].
  void (*add_norm_backward)(const float* gradient, const float* sum, const float* statistics,
                            const float* gain, int64_t first_row, int64_t rows, int64_t size,
                            const DropoutDraw& draw, float* x_gradient, float* y_gradient,
                            float* gain_gradient, float* bias_gradient);

  // Equation 1 for one head: output rows at output_stride; log_sum [queries] is kept for the derivative: +inf
  // where nothing is attended to. scratch: attention_scratch(head) floats.
  void (*attention)(const AttentionHead& head, float* output, int64_t output_stride, float* log_sum,
                    float* scratch);
  // Gradients with the strides of what they belong to; overwritten. The weights are computed again.
  void (*attention_backward)(const AttentionHead& head, const float* output, const float* output_gradient,
                             int64_t output_stride, const float* log_sum, float* query_gradient,
                             float* key_gradient, float* value_gradient, float* scratch);

  // scratch: kProductScratch floats. A row of c depends on its row of a and on b alone.
  void (*product)(const Product& product, float* scratch);
  // The same with numbers and short sums of float16 (kernels/half_product_bodies.h), faster; null
  // where the processor does not calculate in float16.
  void (*half_product)(const Product& product, float* scratch);
  // The same with numbers of bfloat16 and sums of float32, by the processor's tiles
  // (kernels/bfloat16_product_bodies.h), faster still; null where there are none.
  void (*bfloat16_product)(const Product& product, float* scratch);

  // Label-smoothed cross-entropy of one row of logits over classes 0..classes-1 (training/loss.h). With
  // `scale` other than zero the logits are replaced by scale times the derivative of the smoothed loss.
  RowLoss (*cross_entropy)(float* logits, int64_t classes, int64_t label, float epsilon, float scale);

  const PackedKernels* packed;  // what decoding on packed weights is made of
};

// Floats that one head needs as scratch.
int64_t attention_scratch(int64_t keys, int64_t head_size);

// The best that this processor runs; DRAGOMAN_KERNELS=portable|avx2|avx512|avx512vnni|avx512fp16|amx in the
// environment asks for less.
const Kernels& kernels();

// All that this processor runs, best first.
std::vector<const Kernels*> available_kernels();

}  // namespace dragoman
