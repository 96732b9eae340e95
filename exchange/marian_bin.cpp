#include "exchange/marian_bin.h"

#include <cstring>
#include <optional>

#include "core/error.h"

namespace dragoman {
namespace {

constexpr uint64_t kVersion = 1, kHeaderBytes = 32;

// Reads numbers and texts from the front, never beyond the end.
class BinReader {
 public:
  BinReader(std::string_view rest, const std::string& path) : rest_(rest), path_(path) {}

  [[noreturn]] void refuse(const std::string& got) const {
    throw ModelError(path_, "expected a complete binary model of Marian, got " + got);
  }
  std::string_view take(uint64_t count) {
    if (count > rest_.size()) refuse("one that is truncated");
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  template <typename Number>
  Number number() {
    Number value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  uint64_t left() const { return rest_.size(); }

 private:
  std::string_view rest_;
  const std::string& path_;
};

struct BinHeader {
  uint64_t name_length, type, dimensions, bytes;
};

// src/common/types.h: a class and the size of an element.
std::optional<DataType> data_type_of(uint64_t type) {
  switch (type) {
    case 0x404:
      return DataType::kFloat32;
    case 0x402:
      return DataType::kFloat16;
    case 0x408:
      return DataType::kFloat64;
    case 0x101:
      return DataType::kInt8;
    case 0x201:
      return DataType::kUInt8;
    default:
      return std::nullopt;
  }
}

ForeignTensor tensor_of(const BinHeader& header, const std::vector<int64_t>& shape, std::string_view bytes,
                        const std::string& where) {
  const auto type = data_type_of(header.type);
  if (!type) {
    throw ModelError(where, "expected floating-point numbers, got a quantised or packed matrix (type " +
                                std::to_string(header.type) +
                                "): import the .npz that the model was made from");
  }
  ForeignTensor tensor{*type, shape, row_major_strides(shape), bytes};
  const int64_t count = checked_count(tensor, where);
  tensor.bytes = bytes.substr(0, count * bytes_of(*type));  // the rest is padding
  return tensor;
}

}  // namespace

ForeignTensors parse_marian_bin(std::string_view bytes, const std::string& path) {
  BinReader reader(bytes, path);
  const auto version = reader.number<uint64_t>();
  if (version != kVersion)
    reader.refuse("version " + std::to_string(version) + " (1 is the one without encryption)");
  const auto count = reader.number<uint64_t>();
  if (count > reader.left() / kHeaderBytes) reader.refuse("one that is truncated");
  std::vector<BinHeader> headers;
  for (uint64_t i = 0; i < count; ++i) headers.push_back(reader.number<BinHeader>());
  std::vector<std::string> names;
  for (const auto& header : headers) {
    const std::string_view name = reader.take(header.name_length);
    names.emplace_back(name.substr(0, name.find('\0')));
  }
  std::vector<std::vector<int64_t>> shapes;
  for (const auto& header : headers) {
    if (header.dimensions > reader.left() / sizeof(int32_t)) reader.refuse("one that is truncated");
    shapes.emplace_back();
    for (uint64_t i = 0; i < header.dimensions; ++i) shapes.back().push_back(reader.number<int32_t>());
  }
  reader.take(reader.number<uint64_t>());
  ForeignTensors tensors;
  for (size_t i = 0; i < headers.size(); ++i) {
    const std::string where = path + ": " + names[i];
    const ForeignTensor tensor = tensor_of(headers[i], shapes[i], reader.take(headers[i].bytes), where);
    if (!tensors.emplace(names[i], tensor).second)
      throw ModelError(where, "expected each tensor once, got it twice");
  }
  return tensors;
}

}  // namespace dragoman
