// A linear layer packed for the kernels: y = activation(x W^T + b), a few rows at a time (kernels/packed.h).
// Several layers that read the same input are packed as one, with adjacent outputs.
#pragma once

#include <string>
#include <vector>

#include "decoding/packed/arena.h"
#include "decoding/packed/thread_pool.h"
#include "folder/weight_file.h"
#include "kernels/kernels.h"

namespace dragoman {

// The data type of the weights. bfloat16 halves the memory that a step reads; sums are float32. int8 has
// per-channel (output) scales, and per-row scales for the activations.
enum class WeightType { kFloat32, kBFloat16, kInt8 };

// weight [out,in], bias [out] or no data.
struct LinearPart {
  StoredTensor weight, bias;
};

// Buffer for the quantised activations of one product, for kInt8.
struct QuantisedRows {
  std::vector<char> integers;  // in the form of Int8Format
  std::vector<float> scales;
};

// Rows of inputs, adjacent or further apart.
struct InputRows {
  const float* x;
  int64_t stride, rows;
};

class PackedLinear {
 public:
  PackedLinear() = default;
  // The weights are copied into `memory`, which must outlive this object.
  PackedLinear(const std::vector<LinearPart>& parts, WeightType type, const PackedKernels& kernels,
               Arena& memory, ThreadPool& pool);

  int64_t inputs() const { return inputs_; }
  int64_t outputs() const { return outputs_; }
  // Whole panels of outputs are stored: the minimum stride of their rows.
  int64_t stride() const { return panels_ * kernels_->panel; }

  // out: rows at stride().
  void run(const InputRows& input, Activation activation, float* out, QuantisedRows& quantised,
           ThreadPool& pool) const;

  // Adds `value` to the bias of an output (-inf: it is never chosen).
  void add_to_bias(int64_t output, float value) { bias_[output] += value; }

 private:
  void pack_panel(int64_t panel, const std::vector<LinearPart>& parts);
  void pack_int8(const float* channels, int64_t count, int64_t panel);

  const PackedKernels* kernels_ = nullptr;
  WeightType type_ = WeightType::kFloat32;
  int64_t inputs_ = 0, outputs_ = 0, panels_ = 0;
  int64_t depth_ = 0;        // inputs; for int8 padded to a multiple of the kernels' groups
  void* weights_ = nullptr;  // float, uint16_t or int8_t, in the layout of packed.h
  float *bias_ = nullptr, *scales_ = nullptr;
  int32_t* offsets_ = nullptr;
};

}  // namespace dragoman
