#include "exchange/npz_file.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/error.h"
#include "core/little_endian.h"

namespace dragoman {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY", kSuffix = ".npy";
constexpr size_t kMaxHeader = 1 << 16;

struct Descriptor {
  std::string_view text;
  DataType type;
};
constexpr std::array<Descriptor, 10> kDescriptors = {{{"<f8", DataType::kFloat64},
                                                      {"<f4", DataType::kFloat32},
                                                      {"<f2", DataType::kFloat16},
                                                      {"<i8", DataType::kInt64},
                                                      {"<i4", DataType::kInt32},
                                                      {"|i1", DataType::kInt8},
                                                      {"<i1", DataType::kInt8},
                                                      {"|u1", DataType::kUInt8},
                                                      {"<u1", DataType::kUInt8},
                                                      {"|b1", DataType::kBool}}};

// The header's grammar: a dictionary of strings, True or False, and a tuple of integers.
class HeaderReader {
 public:
  HeaderReader(std::string_view text, const std::string& where) : rest_(text), where_(where) {}

  [[noreturn]] void refuse() const {
    throw ModelError(where_, "expected {'descr': ..., 'fortran_order': ..., 'shape': (...)}, got '" +
                                 std::string(rest_.substr(0, 40)) + "' there");
  }
  bool take(char wanted) {
    while (!rest_.empty() && rest_[0] == ' ') rest_.remove_prefix(1);
    if (rest_.empty() || rest_[0] != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void require(char wanted) {
    if (!take(wanted)) refuse();
  }
  std::string_view text() {
    const char quote = take('"') ? '"' : '\'';
    if (quote == '\'') require('\'');
    const size_t end = rest_.find(quote);
    if (end == std::string_view::npos) refuse();
    const std::string_view value = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return value;
  }
  bool word(std::string_view wanted) {
    take(' ');
    if (rest_.substr(0, wanted.size()) != wanted) return false;
    rest_.remove_prefix(wanted.size());
    return true;
  }
  bool flag() {
    if (word("True")) return true;
    if (!word("False")) refuse();
    return false;
  }
  std::vector<int64_t> sizes() {
    std::vector<int64_t> all;
    require('(');
    while (!take(')')) {
      all.push_back(integer());
      if (!take(',')) {
        require(')');
        break;
      }
    }
    return all;
  }
  bool at_end() const { return rest_.find_first_not_of(" \n") == std::string_view::npos; }

 private:
  int64_t integer() {
    take(' ');
    int64_t value = 0;
    size_t digits = 0;
    for (; digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits) {
      if (__builtin_mul_overflow(value, 10, &value) ||
          __builtin_add_overflow(value, rest_[digits] - '0', &value))
        refuse();
    }
    if (digits == 0) refuse();
    rest_.remove_prefix(digits);
    return value;
  }

  std::string_view rest_;
  const std::string& where_;
};

DataType type_of(std::string_view descriptor, const std::string& where) {
  for (const auto& known : kDescriptors) {
    if (descriptor == known.text) return known.type;
  }
  throw ModelError(where,
                   "expected numbers of this machine's byte order, got '" + std::string(descriptor) + "'");
}

// The tensor that the header describes, without its bytes.
ForeignTensor parse_header(std::string_view text, const std::string& where) {
  HeaderReader reader(text, where);
  std::optional<DataType> type;
  std::optional<bool> columns_first;
  std::optional<std::vector<int64_t>> shape;
  reader.require('{');
  while (!reader.take('}')) {
    const std::string_view key = reader.text();
    reader.require(':');
    if (key == "descr" && !type)
      type = type_of(reader.text(), where);
    else if (key == "fortran_order" && !columns_first)
      columns_first = reader.flag();
    else if (key == "shape" && !shape)
      shape = reader.sizes();
    else
      reader.refuse();
    if (!reader.take(',')) {
      reader.require('}');
      break;
    }
  }
  if (!type || !columns_first || !shape || !reader.at_end()) reader.refuse();
  ForeignTensor tensor{*type, *shape, row_major_strides(*shape), {}};
  if (*columns_first) {
    std::vector<int64_t> reversed(shape->rbegin(), shape->rend());
    tensor.strides = row_major_strides(reversed);
    std::reverse(tensor.strides.begin(), tensor.strides.end());
  }
  return tensor;
}

}  // namespace

ForeignTensor parse_npy(std::string_view bytes, const std::string& where) {
  const auto refuse = [&](const std::string& got) {
    throw ModelError(where, "expected a .npy array, got " + got);
  };
  if (bytes.substr(0, kMagic.size()) != kMagic || bytes.size() < kMagic.size() + 4) refuse("something else");
  const uint64_t version = little_endian(bytes.substr(6, 1)), width = version == 1 ? 2 : 4;
  if (version < 1 || version > 3 || bytes.size() < 8 + width) refuse("version " + std::to_string(version));
  const uint64_t length = little_endian(bytes.substr(8, width));
  if (length > kMaxHeader || length > bytes.size() - 8 - width)
    refuse("a header of " + std::to_string(length) + " bytes");
  ForeignTensor tensor = parse_header(bytes.substr(8 + width, length), where);
  tensor.bytes = bytes.substr(8 + width + length);
  const int64_t count = checked_count(tensor, where);
  if (std::ssize(tensor.bytes) != count * bytes_of(tensor.type)) {
    refuse(std::to_string(tensor.bytes.size()) + " bytes for shape " + shape_text(tensor.shape));
  }
  return tensor;
}

NpzFile::NpzFile(std::string_view bytes, const std::string& path) : zip_(bytes, path) {
  for (const auto& [name, entry] : zip_.entries()) {
    const bool is_array =
        name.size() > kSuffix.size() && name.substr(name.size() - kSuffix.size()) == kSuffix;
    const std::string where = path + ": " + name;
    if (!is_array) throw ModelError(where, "expected .npy arrays only, got this entry");
    arrays_[name.substr(0, name.size() - kSuffix.size())] = parse_npy(zip_.content(name), where);
  }
}

}  // namespace dragoman
