// Kernels: the loops in which LibTorch's operators are slow, because they pass over memory several times
// where once is enough. They work on arrays of float32 and do not use LibTorch. Each kernel is compiled once
// per instruction set (kernels/variant_*.cpp, all from kernels/all_kernels.h), and the program chooses one
// set when it starts. The modules in model/ define what the kernels compute; the tests compare the two.
//
// Arrays are dense and row-major unless a stride (in floats) is given. No kernel allocates or throws.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/packed.h"

namespace dragoman {

// Which elements of a tensor are dropped: element i is when hash(seed, i) < threshold. This is a pure
// function of seed and i. The backward pass computes it again, and no mask is stored.
struct DropoutDraw {
  uint64_t seed = 0;
  uint32_t threshold = 0;  // p * 2^32; 0: no dropout
  float scale = 1;         // 1 / (1-p)

  static DropoutDraw with(double p, uint64_t seed);  // p in [0,1)
  bool on() const { return threshold != 0; }
};

// Post-norm, forward: sum = x + dropout(y), normalised = layer norm of sum (gain, bias, epsilon 1e-5). The
// pointers are at row first_row of tensors [N,size]; gain and bias are [size].
struct AddNormForward {
  int64_t first_row, rows, size;
  const float *x, *y, *gain, *bias;
  DropoutDraw dropout;
  float *sum, *normalised;
  float* statistics;  // [rows,2]: mean and 1/deviation of each row; the backward pass needs it, and sum
};

// Post-norm, backward, with the pointers as in AddNormForward.
struct AddNormBackward {
  int64_t first_row, rows, size;
  const float *normalised_gradient, *sum, *statistics, *gain;
  DropoutDraw dropout;
  float *x_gradient, *y_gradient;        // overwritten; may be the same without dropout
  float *gain_gradient, *bias_gradient;  // [size]; added to
};

// One head of one sentence.
struct AttentionHead {
  int64_t queries, keys, head_size;  // head_size: a multiple of Kernels::width
  const float *query, *key, *value;  // rows of head_size
  int64_t query_stride, key_stride;  // from row to row; value has the stride of key
  const bool* mask;                  // (t,s) at mask[t * mask_stride + s], true: attended to; null: all are
  int64_t mask_stride;
  float scale;           // of the scores: 1/sqrt(head_size)
  DropoutDraw dropout;   // on the attention weights
  uint64_t first_index;  // of weight (0,0), for the dropout; (t,s) has the index first_index + t*keys + s
};

// Results of the forward pass of a head.
struct AttentionOutput {
  float* output;  // rows of head_size at `stride`
  int64_t stride;
  float* log_sum;  // [queries]: log sum exp of the scores; +inf where nothing is attended to
};

// Inputs and results of the backward pass of a head. Gradients have the strides of their tensors.
struct AttentionGradient {
  const float *output, *output_gradient;  // rows of head_size at `stride`
  int64_t stride;
  const float* log_sum;                                   // of the forward pass
  float *query_gradient, *key_gradient, *value_gradient;  // overwritten
};

// c = a b, c += a b when `add`, or c = a b + bias in each row when there is a bias. Element (i,k) of a is
// a[i * a_row + k * a_step]; element (k,j) of b is b[k * b_step + j * b_column]; c is row-major.
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

  // to[i] = from[i] / (1-p) or 0, for the elements first .. first+count-1 of a tensor; from may be to.
  void (*dropout)(const float* from, float* to, int64_t first, int64_t count, const DropoutDraw& draw);

  void (*add_norm)(const AddNormForward& rows);
  void (*add_norm_backward)(const AddNormBackward& rows);

  // Equation 1 of the paper for one head. scratch: attention_scratch() floats.
  void (*attention)(const AttentionHead& head, const AttentionOutput& output, float* scratch);
  // Computes the weights again.
  void (*attention_backward)(const AttentionHead& head, const AttentionGradient& gradient, float* scratch);

  // scratch: kProductScratch floats. A row of c depends only on its row of a and on b.
  void (*product)(const Product& product, float* scratch);
  // The same with elements and partial sums in float16 (kernels/half_product_bodies.h): faster. Null where
  // the processor has no float16 arithmetic.
  void (*half_product)(const Product& product, float* scratch);
  // The same with elements in bfloat16 and sums in float32, by AMX (kernels/bfloat16_product_bodies.h):
  // faster still. Null where the processor has no AMX.
  void (*bfloat16_product)(const Product& product, float* scratch);

  // Label-smoothed cross-entropy of one row of logits over classes 0..classes-1 (training/loss.h). Unless
  // `scale` is zero, the logits are replaced by scale times the gradient of the smoothed loss.
  RowLoss (*cross_entropy)(float* logits, int64_t classes, int64_t label, float epsilon, float scale);

  const PackedKernels* packed;  // for decoding with packed weights
};

// Floats of scratch memory that one head needs.
int64_t attention_scratch(int64_t keys, int64_t head_size);

// The best kernels for this processor. DRAGOMAN_KERNELS=portable|avx2|avx512|avx512vnni|avx512fp16|amx in the
// environment selects a lower instruction set.
const Kernels& kernels();

// All kernels that this processor can run, best first.
std::vector<const Kernels*> available_kernels();

}  // namespace dragoman
