#include "model/positional_encoding.h"

#include <algorithm>
#include <cmath>

namespace dragoman {

torch::Tensor position_rows(int64_t begin, int64_t count, int64_t d_model) {
  const int64_t half = d_model / 2;
  const auto in_double = torch::TensorOptions().dtype(torch::kFloat64);
  const auto position = torch::arange(begin, begin + count, in_double).unsqueeze(1);  // [count,1]
  const auto exponent = torch::arange(half, in_double) / static_cast<double>(half);   // [D/2]
  const auto angle = position / torch::pow(10000.0, exponent);                        // [count,D/2]
  return torch::cat({angle.sin(), angle.cos()}, 1).to(torch::kFloat32);
}

torch::Tensor PositionalEncodingImpl::rows(int64_t length, const torch::Device& device) {
  const std::lock_guard lock(mutex_);
  if (!table_.defined() || table_.size(0) < length || table_.device() != device) {
    table_ = position_rows(0, std::max<int64_t>(length, 256), d_model_).to(device);
  }
  return table_.narrow(0, 0, length);
}

torch::Tensor PositionalEncodingImpl::forward(const torch::Tensor& x) {
  return x + rows(x.size(1), x.device()).to(x.scalar_type());
}

}  // namespace dragoman
