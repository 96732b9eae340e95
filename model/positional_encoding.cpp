#include "model/positional_encoding.h"

namespace dragoman {
namespace {

constexpr int64_t kTableStep = 512;

}  // namespace

torch::Tensor position_rows(int64_t begin, int64_t count, int64_t d_model, PositionScale scale) {
  const auto numbers = position_numbers(begin, count, d_model, scale);
  return torch::tensor(at::ArrayRef<float>(numbers)).view({count, d_model});
}

torch::Tensor PositionalEncodingImpl::rows_from(int64_t begin, int64_t count) const {
  const auto numbers = positions_.rows(begin, count, d_model_);
  return torch::tensor(at::ArrayRef<float>(numbers)).view({count, d_model_});
}

void PositionalEncodingImpl::give(PositionTable positions) {
  const std::lock_guard lock(mutex_);
  positions_ = std::move(positions);
  table_ = torch::Tensor();
}

torch::Tensor PositionalEncodingImpl::rows(int64_t length, const torch::Device& device) {
  const std::lock_guard lock(mutex_);
  if (!table_.defined() || table_.size(0) < length || table_.device() != device) {
    // In large steps: a decoder asks for one more each time.
    table_ = rows_from(0, (length + kTableStep - 1) / kTableStep * kTableStep).to(device);
  }
  return table_;
}

torch::Tensor PositionalEncodingImpl::forward(const torch::Tensor& x, int64_t first) {
  const auto table = rows(first + x.size(1), x.device());
  return x + table.narrow(0, first, x.size(1)).to(x.scalar_type());
}

}  // namespace dragoman
