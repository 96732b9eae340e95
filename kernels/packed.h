// What decoding on packed weights is made of: products of a few rows with a matrix that was laid out once for
// the vectors, attention of one query over rows that lie anywhere, add & norm, and the best of a row of
// logits. Compiled for every instruction set like the kernels in kernels.h, of which they are a part.
//
// A matrix [channels, depth] is cut into panels of `panel` channels, the last one filled up with zeros. Every
// number of a product is summed in the order of depth, whatever the number of rows and however the panels are
// shared among threads: a row's result depends on that row alone.
#pragma once

#include <cstdint>

namespace dragoman {

enum class Activation { kNone, kRelu, kSilu, kGelu };

// What becomes of the sums of panels first .. last-1: out = activation(sum + bias).
struct PanelOutput {
  int64_t first_panel, last_panel;
  const float* bias;  // [panels * panel]
  Activation activation;
  float* out;  // rows at out_stride, which is panels * panel at least: panels are stored whole
  int64_t out_stride;
};

// Weight is float, or uint16_t for the upper halves of floats (bfloat16).
template <typename Weight>
struct PanelProduct {
  const float* x;  // rows at x_stride
  int64_t x_stride, rows, depth;
  const Weight* panels;  // panel p: [depth][panel], at p * depth * panel
  PanelOutput output;
};

// What activations become for products of whole numbers: int16_t, two side by side in the panels, or, where
// the processor multiplies four bytes at once (VNNI), uint8_t that are 128 too large, four side by side.
struct Int8Format {
  int64_t group;      // numbers of a channel that stand side by side in a panel
  int64_t bytes;      // of an activation
  float limit;        // of its size
  int64_t too_large;  // what is added to it
};

// Whole numbers: activations (a scale a row), weights of 8 bits (a scale a channel), sums of 32, exact.
struct Int8PanelProduct {
  const void* x;  // rows at x_stride numbers, from quantise; a multiple of the group
  const float* x_scales;
  int64_t x_stride, rows, depth;  // depth: a multiple of the group, filled up with zeros
  const int8_t* panels;           // panel p: [depth/group][panel][group], at p * depth * panel
  const int32_t* offsets;         // [panels * panel]: -too_large times the sum of a channel's weights
  const float* scales;            // [panels * panel]
  PanelOutput output;
};

// Adds y (none when null) to x, in place, and normalises the sum into out, which may be x. All at one stride.
struct NormRows {
  float* x;
  const float* y;
  const float *gain, *bias;
  int64_t rows, size, stride;
  float* out;
};

// One query of all heads over `count` positions.
struct CacheQuery {
  const float* query;        // [heads * head_size]
  const float* const* rows;  // [count] keys [heads * head_size]; the values stand value_offset floats behind
  int64_t count, value_offset, heads, head_size;
  float scale;  // of the scores: 1/sqrt(head_size)
};

struct PackedKernels {
  int64_t panel;  // channels in a panel
  Int8Format int8;

  void (*multiply)(const PanelProduct<float>& product);
  void (*multiply_bfloat16)(const PanelProduct<uint16_t>& product);
  void (*multiply_int8)(const Int8PanelProduct& product);
  // Whole numbers of at most `limit` for each of `rows` rows of `depth` floats, zeros behind up to to_stride;
  // `to` is in the form of `int8`.
  void (*quantise)(const float* x, int64_t x_stride, int64_t rows, int64_t depth, void* to, int64_t to_stride,
                   float limit, float* scales);
  void (*norm)(const NormRows& rows);
  // output: [heads * head_size]; scratch: count + 16 floats.
  void (*attend)(const CacheQuery& query, float* output, float* scratch);
  // The `count` largest of a row, best first (of equals, the first ones), -inf and -1 where there are fewer.
  // Returns the row's log sum exp when wanted, else 0.
  float (*best_of_row)(const float* row, int64_t size, int64_t count, bool want_log_sum, float* values,
                       int32_t* places);
};

}  // namespace dragoman
