#include "decoding/packed/packed_linear.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "folder/widen.h"

namespace dragoman {
namespace {

constexpr float kInt8Limit = 127;

// The largest activations with which a sum of `depth` products with weights of 127 stays below 2^31. (A
// partial sum that starts with an offset may wrap around; the complete sum is right again.)
float activation_limit(int64_t depth, float limit) {
  return std::min(limit, std::floor(2147483647.0f / (kInt8Limit * depth)));
}

// bfloat16, the upper half of a float32, rounded to nearest, ties to even. NaN stays NaN.
uint16_t upper_half(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) return bits >> 16 | 0x40;
  return (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
}

int64_t bytes_of_weight(WeightType type) {
  return type == WeightType::kFloat32 ? 4 : type == WeightType::kBFloat16 ? 2 : 1;
}

// Finds row `index` of the concatenated parts; false after the last row.
bool find_row(const std::vector<LinearPart>& parts, int64_t& index, const LinearPart*& part) {
  for (const auto& one : parts) {
    part = &one;
    if (index < one.weight.rows) return true;
    index -= one.weight.rows;
  }
  return false;
}

}  // namespace

PackedLinear::PackedLinear(const std::vector<LinearPart>& parts, WeightType type,
                           const PackedKernels& kernels, Arena& memory, ThreadPool& pool)
    : kernels_(&kernels), type_(type), inputs_(parts[0].weight.columns) {
  for (const auto& part : parts) outputs_ += part.weight.rows;
  panels_ = (outputs_ + kernels.panel - 1) / kernels.panel;
  const int64_t group = type == WeightType::kInt8 ? kernels.int8.group : 1;
  depth_ = (inputs_ + group - 1) / group * group;
  weights_ = memory.take<char>(stride() * depth_ * bytes_of_weight(type));
  bias_ = memory.take<float>(stride());
  if (type == WeightType::kInt8) {
    scales_ = memory.take<float>(stride());
    offsets_ = memory.take<int32_t>(stride());
  }
  pool.run(panels_, stride() * depth_, [&](int64_t begin, int64_t end) {
    for (int64_t panel = begin; panel < end; ++panel) pack_panel(panel, parts);
  });
}

void PackedLinear::pack_panel(int64_t panel, const std::vector<LinearPart>& parts) {
  const int64_t width = kernels_->panel;
  static thread_local std::vector<float> channels;  // [panel,depth]
  channels.assign(width * depth_, 0.0f);
  for (int64_t j = 0; j < width; ++j) {
    int64_t row = panel * width + j;
    const LinearPart* part = nullptr;
    bias_[panel * width + j] = 0;
    if (!find_row(parts, row, part)) continue;
    widen(part->weight.type, part->weight.data, row * inputs_, inputs_, channels.data() + j * depth_);
    if (part->bias.data) widen(part->bias.type, part->bias.data, row, 1, bias_ + panel * width + j);
  }
  if (type_ == WeightType::kInt8) return pack_int8(channels.data(), width, panel);
  const auto each = [&](auto* to, auto convert) {
    to += panel * width * depth_;
    for (int64_t k = 0; k < depth_; ++k) {
      for (int64_t j = 0; j < width; ++j) *to++ = convert(channels[j * depth_ + k]);
    }
  };
  if (type_ == WeightType::kFloat32)
    each(static_cast<float*>(weights_), [](float x) { return x; });
  else
    each(static_cast<uint16_t*>(weights_), upper_half);
}

void PackedLinear::pack_int8(const float* channels, int64_t count, int64_t panel) {
  auto* to = static_cast<int8_t*>(weights_) + panel * count * depth_;
  const int64_t group = kernels_->int8.group;
  for (int64_t j = 0; j < count; ++j) {
    const float* channel = channels + j * depth_;
    float largest = 0;
    for (int64_t k = 0; k < depth_; ++k) largest = std::max(largest, std::fabs(channel[k]));
    scales_[panel * count + j] = largest / kInt8Limit;
    const float factor = largest > 0 ? kInt8Limit / largest : 0;
    int64_t sum = 0;
    for (int64_t k = 0; k < depth_; ++k) {
      const int8_t integer = std::lrintf(channel[k] * factor);
      to[(k / group * count + j) * group + k % group] = integer;
      sum += integer;
    }
    offsets_[panel * count + j] = -kernels_->int8.zero_point * sum;
  }
}

void PackedLinear::run(const InputRows& input, Activation activation, float* out, QuantisedRows& quantised,
                       ThreadPool& pool) const {
  const auto& [x, x_stride, rows] = input;
  const int64_t work = rows * stride() * depth_;
  const PanelOutput output{0, panels_, bias_, activation, out, stride()};
  const auto by_panels = [&](auto product, auto kernel) {
    pool.run(panels_, work, [&](int64_t first, int64_t last) {
      auto share = product;
      share.output.first_panel = first, share.output.last_panel = last;
      kernel(share);
    });
  };
  if (type_ == WeightType::kFloat32) {
    return by_panels(PanelProduct<float>{x, x_stride, rows, depth_, static_cast<float*>(weights_), output},
                     kernels_->multiply);
  }
  if (type_ == WeightType::kBFloat16) {
    return by_panels(
        PanelProduct<uint16_t>{x, x_stride, rows, depth_, static_cast<uint16_t*>(weights_), output},
        kernels_->multiply_bfloat16);
  }
  const auto row_bytes = depth_ * kernels_->int8.bytes;
  const int64_t bytes = rows * row_bytes;
  if (std::ssize(quantised.integers) < bytes) quantised.integers.resize(bytes);
  if (std::ssize(quantised.scales) < rows) quantised.scales.resize(rows);
  char* integers = quantised.integers.data();
  float* scales = quantised.scales.data();
  pool.run(rows, rows * depth_, [&](int64_t begin, int64_t end) {
    kernels_->quantise({.x = input.x + begin * input.stride,
                        .x_stride = input.stride,
                        .rows = end - begin,
                        .depth = inputs_,
                        .to = integers + begin * row_bytes,
                        .to_stride = depth_,
                        .limit = activation_limit(depth_, kernels_->int8.limit),
                        .scales = scales + begin});
  });
  by_panels(Int8PanelProduct{integers, scales, depth_, rows, depth_, static_cast<int8_t*>(weights_), offsets_,
                             scales_, output},
            kernels_->multiply_int8);
}

}  // namespace dragoman
