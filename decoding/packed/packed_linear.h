// A linear layer laid out for the kernels: y = activation(x W^T + b), a few rows at a time
// (kernels/packed.h). Several layers that read the same input are packed as one, their outputs side by side.
#pragma once

#include <string>
#include <vector>

#include "decoding/packed/arena.h"
#include "decoding/packed/thread_pool.h"
#include "folder/weight_file.h"
#include "kernels/kernels.h"

namespace dragoman {

// What weights are kept as. bfloat16 halves what is read a step, sums stay float32; int8 has one scale a
// channel (output), and one a row for the activations.
enum class WeightType { kFloat32, kBFloat16, kInt8 };

// weight [out,in], bias [out] or no data.
struct LinearPart {
  StoredTensor weight, bias;
};

// Room for the activations of one product in whole numbers, for kInt8.
struct QuantisedRows {
  std::vector<char> numbers;  // in the kernels' form
  std::vector<float> scales;
};

class PackedLinear {
 public:
  PackedLinear() = default;
  // The numbers are copied into `memory`, whose owner keeps it.
  PackedLinear(const std::vector<LinearPart>& parts, WeightType type, const PackedKernels& kernels,
               Arena& memory, ThreadPool& pool);

  int64_t inputs() const { return inputs_; }
  int64_t outputs() const { return outputs_; }
  // Outputs are stored by whole panels: the least stride of rows of them.
  int64_t stride() const { return panels_ * kernels_->panel; }

  // x: rows at x_stride. out: rows at stride().
  void run(const float* x, int64_t x_stride, int64_t rows, Activation activation, float* out,
           QuantisedRows& quantised, ThreadPool& pool) const;

  // Adds `value` to the bias of an output (-inf: it is never chosen).
  void add_to_bias(int64_t output, float value) { bias_[output] += value; }

 private:
  void pack_panel(int64_t panel, const std::vector<LinearPart>& parts);
  void pack_int8(const float* channels, int64_t count, int64_t panel);

  const PackedKernels* kernels_ = nullptr;
  WeightType type_ = WeightType::kFloat32;
  int64_t inputs_ = 0, outputs_ = 0, panels_ = 0;
  int64_t depth_ = 0;        // inputs; for int8 made a multiple of the kernels' groups
  void* weights_ = nullptr;  // float, uint16_t or int8_t, as packed.h has them
  float *bias_ = nullptr, *scales_ = nullptr;
  int32_t* offsets_ = nullptr;
};

}  // namespace dragoman
