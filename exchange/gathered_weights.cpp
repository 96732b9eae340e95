#include "exchange/gathered_weights.h"

#include <algorithm>
#include <cstring>

#include "core/error.h"
#include "folder/manifest.h"

namespace dragoman {
namespace {

// A value is finite unless all bits of its exponent are set.
template <typename Bits>
bool all_finite(std::string_view bytes, Bits exponent) {
  for (size_t at = 0; at + sizeof(Bits) <= bytes.size(); at += sizeof(Bits)) {
    Bits bits;
    std::memcpy(&bits, bytes.data() + at, sizeof bits);
    if ((bits & exponent) == exponent) return false;
  }
  return true;
}

bool is_finite(DataType type, std::string_view bytes, const std::string& where) {
  switch (type) {
    case DataType::kFloat64:
      return all_finite<uint64_t>(bytes, 0x7FF0000000000000);
    case DataType::kFloat32:
      return all_finite<uint32_t>(bytes, 0x7F800000);
    case DataType::kFloat16:
      return all_finite<uint16_t>(bytes, 0x7C00);
    case DataType::kBFloat16:
      return all_finite<uint16_t>(bytes, 0x7F80);
    default:
      throw ModelError(where, "expected floating-point numbers, got " + data_type_name(type));
  }
}

int64_t count_in(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return count;
}

}  // namespace

void GatheredWeights::add(const std::string& name, const std::vector<int64_t>& shape,
                          const ForeignTensor& tensor, const std::string& where, int64_t zero_rows) {
  // [1,V] is padded in its last dimension, all others in their first.
  std::vector<int64_t> expected = shape;
  (expected.size() == 2 && expected[0] == 1 ? expected[1] : expected[0]) -= zero_rows;
  if (tensor.shape != expected) {
    throw ModelError(
        where, "expected shape " + shape_text(expected) + " (settings), got " + shape_text(tensor.shape));
  }
  std::string buffer;
  std::string_view bytes = row_major_bytes(tensor, buffer);
  if (!is_finite(tensor.type, bytes, where))
    throw ModelError(where, "expected finite weights, got NaN or infinity");
  if (zero_rows > 0) {
    if (buffer.empty()) buffer = std::string(bytes);
    buffer.resize(count_in(shape) * bytes_of(tensor.type), '\0');
  }
  if (!buffer.empty()) {
    kept_.push_back(std::move(buffer));
    bytes = kept_.back();
  }
  tensors_.push_back({name, tensor.type, shape, bytes});
}

void GatheredWeights::add_numbers(const std::string& name, std::vector<int64_t> shape,
                                  const std::vector<float>& numbers) {
  kept_.emplace_back(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float));
  tensors_.push_back({name, DataType::kFloat32, std::move(shape), kept_.back()});
}

ForeignTensor GatheredWeights::keep(const std::vector<float>& numbers, const std::vector<int64_t>& shape) {
  kept_.emplace_back(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float));
  return {DataType::kFloat32, shape, row_major_strides(shape), kept_.back()};
}

void GatheredWeights::add_copy(const std::string& name, const std::string& of) {
  const auto found = std::find_if(tensors_.begin(), tensors_.end(),
                                  [&](const TensorToWrite& tensor) { return tensor.name == of; });
  if (found == tensors_.end()) throw std::logic_error("a copy of a missing tensor: " + of);
  TensorToWrite copy = *found;
  copy.name = name;
  tensors_.push_back(std::move(copy));
}

int64_t GatheredWeights::numbers() const {
  int64_t count = 0;
  for (const auto& tensor : tensors_) count += count_in(tensor.shape);
  return count;
}

std::string GatheredWeights::checksum() const {
  std::vector<const TensorToWrite*> order;
  for (const auto& tensor : tensors_) order.push_back(&tensor);
  std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
  Checksum checksum;
  for (const auto* tensor : order) {
    const std::string head =
        tensor->name + " " + data_type_name(tensor->type) + " " + shape_text(tensor->shape) + "\n";
    checksum.add(head.data(), head.size());
    checksum.add(tensor->bytes.data(), tensor->bytes.size());
  }
  return checksum.text();
}

}  // namespace dragoman
