#include "exchange/foreign_tensor.h"

#include <algorithm>
#include <cstring>

#include "core/error.h"

namespace dragoman {
namespace {

constexpr size_t kMaxDimensions = 8;

[[noreturn]] void bad_tensor(const ForeignTensor& tensor, const std::string& where) {
  throw ModelError(where, "expected a tensor inside its bytes, got shape " + shape_text(tensor.shape) +
                              " with strides " + shape_text(tensor.strides) + " in " +
                              std::to_string(tensor.bytes.size()) + " bytes");
}

}  // namespace

std::vector<int64_t> row_major_strides(const std::vector<int64_t>& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) {
    // checked_count() refuses an overflow.
    if (__builtin_mul_overflow(strides[i], std::max<int64_t>(1, shape[i]), &strides[i - 1]))
      strides[i - 1] = INT64_MAX;
  }
  return strides;
}

int64_t checked_count(const ForeignTensor& tensor, const std::string& where) {
  if (tensor.shape.size() > kMaxDimensions || tensor.strides.size() != tensor.shape.size())
    bad_tensor(tensor, where);
  const int64_t available = std::ssize(tensor.bytes) / bytes_of(tensor.type);
  int64_t count = 1, last = 0;
  bool fits = true;
  for (size_t i = 0; i < tensor.shape.size(); ++i) {
    int64_t step = 0;
    fits = fits && tensor.shape[i] >= 0 && tensor.strides[i] >= 0 &&
           !__builtin_mul_overflow(count, tensor.shape[i], &count) &&
           !__builtin_mul_overflow(std::max<int64_t>(0, tensor.shape[i] - 1), tensor.strides[i], &step) &&
           !__builtin_add_overflow(last, step, &last);
  }
  if (!fits || count > available || (count > 0 && last >= available)) bad_tensor(tensor, where);
  return count;
}

std::string_view row_major_bytes(const ForeignTensor& tensor, std::string& buffer) {
  const int64_t size = bytes_of(tensor.type);
  int64_t count = 1;
  for (const int64_t dimension : tensor.shape) count *= dimension;
  bool in_order = true;
  const auto strides = row_major_strides(tensor.shape);
  for (size_t i = 0; i < strides.size(); ++i)
    in_order = in_order && (tensor.shape[i] <= 1 || tensor.strides[i] == strides[i]);
  if (in_order || count == 0) return tensor.bytes.substr(0, count * size);
  buffer.resize(count * size);
  std::vector<int64_t> index(tensor.shape.size(), 0);
  int64_t from = 0;
  for (int64_t to = 0; to < count; ++to) {
    std::memcpy(buffer.data() + to * size, tensor.bytes.data() + from * size, size);
    for (size_t i = index.size(); i-- > 0;) {  // the next index, the last dimension first
      from += tensor.strides[i];
      if (++index[i] < tensor.shape[i]) break;
      from -= index[i] * tensor.strides[i];
      index[i] = 0;
    }
  }
  return buffer;
}

ForeignTensor transposed(ForeignTensor tensor) {
  if (tensor.shape.size() == 2) {
    std::swap(tensor.shape[0], tensor.shape[1]);
    std::swap(tensor.strides[0], tensor.strides[1]);
  }
  return tensor;
}

ForeignTensor squeezed(const ForeignTensor& tensor) {
  ForeignTensor result = tensor;
  result.shape.clear(), result.strides.clear();
  for (size_t i = 0; i < tensor.shape.size(); ++i) {
    if (tensor.shape[i] == 1) continue;
    result.shape.push_back(tensor.shape[i]);
    result.strides.push_back(tensor.strides[i]);
  }
  return result;
}

}  // namespace dragoman
