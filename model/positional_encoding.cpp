#include "model/positional_encoding.h"

#include <algorithm>

namespace dragoman {

torch::Tensor position_rows(int64_t begin, int64_t count, int64_t d_model, PositionScale scale) {
  const auto numbers = position_numbers(begin, count, d_model, scale);
  return torch::tensor(at::ArrayRef<float>(numbers)).view({count, d_model});
}

torch::Tensor PositionalEncodingImpl::rows_from(int64_t begin, int64_t count) const {
  const int64_t given = given_.defined() ? std::clamp<int64_t>(given_.size(0) - begin, 0, count) : 0;
  if (given == 0) return position_rows(begin, count, d_model_, scale_);
  const auto first = given_.narrow(0, begin, given);
  if (given == count) return first;
  return torch::cat({first, position_rows(begin + given, count - given, d_model_, scale_)});
}

void PositionalEncodingImpl::give_rows(const torch::Tensor& rows, PositionScale scale) {
  const std::lock_guard lock(mutex_);
  given_ = rows.detach().to(torch::kCPU, torch::kFloat32).contiguous().clone();  // not a view of a file
  scale_ = scale;
  table_ = torch::Tensor();
}

torch::Tensor PositionalEncodingImpl::rows(int64_t length, const torch::Device& device) {
  const std::lock_guard lock(mutex_);
  if (!table_.defined() || table_.size(0) < length || table_.device() != device) {
    table_ = rows_from(0, std::max<int64_t>(length, 256)).to(device);
  }
  return table_.narrow(0, 0, length);
}

torch::Tensor PositionalEncodingImpl::forward(const torch::Tensor& x) {
  return x + rows(x.size(1), x.device()).to(x.scalar_type());
}

}  // namespace dragoman
