// Kernels for decoding with packed weights: products of a few rows with a matrix that was packed once for the
// vectors, attention of one query over rows anywhere in memory, add & norm, and the best elements of a row of
// logits. They are compiled for every instruction set, like the kernels in kernels.h.
//
// A matrix [channels, depth] is cut into panels of `panel` channels; the last panel is zero-padded. Each
// element of a product is summed in the order of depth, whatever the number of rows and however threads share
// the panels: a row of the result depends only on its row of x.
#pragma once

#include <cstdint>

namespace dragoman {

enum class Activation { kNone, kRelu, kSilu, kGelu };

// Where the results of panels first_panel .. last_panel-1 go: out = activation(sum + bias).
struct PanelOutput {
  int64_t first_panel, last_panel;
  const float* bias;  // [panels * panel]
  Activation activation;
  float* out;  // rows at out_stride, at least panels * panel: whole panels are stored
  int64_t out_stride;
};

// Weight is float, or uint16_t for bfloat16 (the upper halves of floats).
template <typename Weight>
struct PanelProduct {
  const float* x;  // rows at x_stride
  int64_t x_stride, rows, depth;
  const Weight* panels;  // panel p: [depth][panel], at p * depth * panel
  PanelOutput output;
};

// The form of activations in integer products: int16_t in groups of two, or, where the processor multiplies
// four bytes at once (VNNI), uint8_t with a zero point of 128 in groups of four.
struct Int8Format {
  int64_t group;       // elements of a channel that are adjacent in a panel
  int64_t bytes;       // of an activation
  float limit;         // of the absolute value of an activation
  int64_t zero_point;  // added to each activation
};

// Integers: activations with per-row scales, 8-bit weights with per-channel scales, exact 32-bit sums.
struct Int8PanelProduct {
  const void* x;  // rows at x_stride elements, from quantise; x_stride is a multiple of the group
  const float* x_scales;
  int64_t x_stride, rows, depth;  // depth: zero-padded to a multiple of the group
  const int8_t* panels;           // panel p: [depth/group][panel][group], at p * depth * panel
  const int32_t* offsets;         // [panels * panel]: -zero_point times the sum of the channel's weights
  const float* scales;            // [panels * panel]
  PanelOutput output;
};

// Quantises each row of x to integers of at most `limit`, in the form of Int8Format.
struct QuantiseRows {
  const float* x;  // rows of depth at x_stride
  int64_t x_stride, rows, depth;
  void* to;           // rows at to_stride elements, zero-padded from depth on
  int64_t to_stride;  // at least depth
  float limit;
  float* scales;  // [rows]
};

// Adds y (unless it is null) to x, in place, and writes the layer norm of the sum to out, which may be x.
struct NormRows {
  float* x;
  const float* y;
  const float *gain, *bias;
  int64_t rows, size, stride;  // one stride for x, y and out
  float* out;
};

// One query of all heads over `count` positions.
struct CacheQuery {
  const float* query;        // [heads * head_size]
  const float* const* rows;  // [count] keys [heads * head_size]; the values follow value_offset floats later
  int64_t count, value_offset, heads, head_size;
  float scale;  // of the scores: 1/sqrt(head_size)
};

struct PackedKernels {
  int64_t panel;  // channels in a panel
  Int8Format int8;

  void (*multiply)(const PanelProduct<float>& product);
  void (*multiply_bfloat16)(const PanelProduct<uint16_t>& product);
  void (*multiply_int8)(const Int8PanelProduct& product);
  void (*quantise)(const QuantiseRows& rows);
  void (*norm)(const NormRows& rows);
  // output: [heads * head_size]; scratch: count + 16 floats.
  void (*attend)(const CacheQuery& query, float* output, float* scratch);
  // The `count` largest elements of a row, best first (of equals, the first one first); -inf and -1 where the
  // row has fewer. Returns the log sum exp of the row when wanted, else 0.
  float (*best_of_row)(const float* row, int64_t size, int64_t count, bool want_log_sum, float* values,
                       int32_t* places);
};

}  // namespace dragoman
