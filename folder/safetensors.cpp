#include "folder/safetensors.h"

#include <algorithm>
#include <array>
#include <set>

#include "core/files.h"
#include "core/json.h"

namespace dragoman {
namespace {

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the reference implementation's limit
constexpr size_t kMaxDimensions = 8;

struct TypeRow {
  DataType type;
  const char* name;
  int64_t bytes;
};
constexpr std::array<TypeRow, 9> kTypes = {{{DataType::kFloat64, "F64", 8},
                                            {DataType::kFloat32, "F32", 4},
                                            {DataType::kFloat16, "F16", 2},
                                            {DataType::kBFloat16, "BF16", 2},
                                            {DataType::kInt64, "I64", 8},
                                            {DataType::kInt32, "I32", 4},
                                            {DataType::kInt8, "I8", 1},
                                            {DataType::kUInt8, "U8", 1},
                                            {DataType::kBool, "BOOL", 1}}};

[[noreturn]] void bad_tensor(const std::string& path, const std::string& name, const std::string& what) {
  throw ModelError(path + ": " + name, what);
}

DataType parse_type(const nlohmann::json& value, const std::string& path, const std::string& name) {
  if (value.is_string()) {
    for (const auto& row : kTypes) {
      if (value.get_ref<const std::string&>() == row.name) return row.type;
    }
  }
  bad_tensor(path, name,
             "expected a dtype among F64, F32, F16, BF16, I64, I32, I8, U8, BOOL, got " + value.dump());
}

uint64_t parse_size(const nlohmann::json& value, const std::string& path, const std::string& name) {
  if (!value.is_number_unsigned())
    bad_tensor(path, name, "expected an integer of at least 0, got " + value.dump());
  return value.get<uint64_t>();
}

TensorEntry parse_entry(const nlohmann::json& value, const std::string& path, const std::string& name) {
  if (!value.is_object() || value.size() != 3 || !value.contains("dtype") || !value.contains("shape") ||
      !value.contains("data_offsets")) {
    bad_tensor(path, name,
               "expected an object with dtype, shape and data_offsets, got " + value.dump().substr(0, 80));
  }
  TensorEntry entry;
  entry.type = parse_type(value["dtype"], path, name);
  const auto& shape = value["shape"];
  if (!shape.is_array() || shape.size() > kMaxDimensions)
    bad_tensor(path, name, "expected a shape of at most 8 dimensions, got " + shape.dump().substr(0, 80));
  uint64_t bytes = bytes_of(entry.type);
  for (const auto& dimension : shape) {
    const uint64_t size = parse_size(dimension, path, name);
    if (__builtin_mul_overflow(bytes, size, &bytes) || size > INT64_MAX)
      bad_tensor(path, name, "expected a shape that fits in memory, got " + shape.dump());
    entry.shape.push_back(size);
  }
  const auto& offsets = value["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2)
    bad_tensor(path, name, "expected two data_offsets, got " + offsets.dump());
  entry.begin = parse_size(offsets[0], path, name);
  entry.end = parse_size(offsets[1], path, name);
  if (entry.end < entry.begin || entry.end - entry.begin != bytes) {
    bad_tensor(path, name,
               "expected " + std::to_string(bytes) + " bytes for shape " + shape.dump() + ", got offsets " +
                   offsets.dump());
  }
  return entry;
}

// Tensors in the order of their bytes must cover the data from its first to its last byte.
void check_layout(const SafetensorsHeader& header, uint64_t data_bytes, const std::string& path) {
  std::vector<std::pair<const TensorEntry*, const std::string*>> order;
  for (const auto& [name, entry] : header.tensors) order.emplace_back(&entry, &name);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first->begin, a.first->end) < std::pair(b.first->begin, b.first->end);
  });
  uint64_t next = 0;
  for (const auto& [entry, name] : order) {
    if (entry->end > data_bytes) {
      bad_tensor(path, *name,
                 "expected bytes up to " + std::to_string(entry->end) + ", got a file with " +
                     std::to_string(data_bytes) + " bytes of data (truncated?)");
    }
    if (entry->begin != next) {
      bad_tensor(path, *name,
                 "expected its data from byte " + std::to_string(next) + ", got " +
                     std::to_string(entry->begin) + " (overlap or gap)");
    }
    next = entry->end;
  }
  if (next != data_bytes)
    throw ModelError(
        path, "expected " + std::to_string(next) + " bytes of tensors, got " + std::to_string(data_bytes));
}

uint64_t header_length(std::string_view start, uint64_t file_bytes, const std::string& path) {
  if (file_bytes < 8 || start.size() < 8)
    throw ModelError(path,
                     "expected a safetensors file of at least 8 bytes, got " + std::to_string(file_bytes));
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = (length << 8) | static_cast<unsigned char>(start[i]);
  if (length > kMaxHeaderBytes || length > file_bytes - 8 || length > start.size() - 8) {
    throw ModelError(path, "expected a header inside the file, got a header of " + std::to_string(length) +
                               " bytes in a file of " + std::to_string(file_bytes));
  }
  return length;
}

}  // namespace

std::string data_type_name(DataType type) {
  return kTypes[static_cast<size_t>(type)].name;
}
int64_t bytes_of(DataType type) {
  return kTypes[static_cast<size_t>(type)].bytes;
}

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (const int64_t size : shape) text += (text.size() > 1 ? "," : "") + std::to_string(size);
  return text + "]";
}

SafetensorsHeader parse_safetensors_header(std::string_view start, uint64_t file_bytes,
                                           const std::string& path) {
  const uint64_t length = header_length(start, file_bytes, path);
  const nlohmann::json json = parse_json(start.substr(8, length), path, ErrorKind::kModel);
  if (!json.is_object())
    throw ModelError(path, "expected a JSON object as header, got " + std::string(json.type_name()));
  SafetensorsHeader header;
  header.data_start = 8 + length;
  for (const auto& [name, value] : json.items()) {
    if (name != "__metadata__") {
      header.tensors[name] = parse_entry(value, path, name);
      continue;
    }
    const auto require = [&](bool holds, const nlohmann::json& got) {
      if (!holds)
        throw ModelError(path + ": __metadata__",
                         "expected an object of strings, got " + got.dump().substr(0, 80));
    };
    require(value.is_object(), value);
    for (const auto& [key, text] : value.items()) {
      require(text.is_string(), text);
      header.metadata[key] = text.get<std::string>();
    }
  }
  check_layout(header, file_bytes - header.data_start, path);
  return header;
}

namespace {

// The weight_map of an index: the file of each tensor.
std::map<std::string, std::string> read_index(const std::string& path) {
  const auto json = read_json_file(path, ErrorKind::kModel);
  if (!json.is_object() || !json.contains("weight_map") || !json["weight_map"].is_object() ||
      json["weight_map"].empty())
    throw ModelError(path, "expected an object 'weight_map' of tensors and files, got none");
  std::map<std::string, std::string> files;
  for (const auto& [tensor, name] : json["weight_map"].items()) {
    const bool plain = name.is_string() && !name.get<std::string>().empty() &&
                       name.get<std::string>().find('/') == std::string::npos;
    if (!plain) throw ModelError(path + ": " + tensor, "expected a file name, got " + name.dump());
    files[tensor] = name.get<std::string>();
  }
  return files;
}

}  // namespace

std::vector<std::string> shard_names(const std::string& index) {
  std::set<std::string> names;
  for (const auto& [tensor, name] : read_index(index)) names.insert(name);
  return {names.begin(), names.end()};
}

SafetensorsFile::SafetensorsFile(const std::string& path) : path_(path) {
  const std::string index = path + kIndexSuffix;
  if (!file_exists(path) && file_exists(index))
    open_shards(index);
  else
    add(path);
}

void SafetensorsFile::add(const std::string& path) {
  files_.push_back(std::make_unique<MappedFile>(path));
  const std::string_view bytes = files_.back()->bytes();
  SafetensorsHeader header = parse_safetensors_header(bytes, bytes.size(), path);
  data_starts_.push_back(header.data_start);
  for (auto& [name, entry] : header.tensors) {
    entry.shard = files_.size() - 1;
    if (!header_.tensors.emplace(name, std::move(entry)).second)
      throw ModelError(path + ": " + name, "expected each tensor in one file, got it in two");
  }
  header_.metadata = std::move(header.metadata);
  header_.data_start = header.data_start;
}

void SafetensorsFile::open_shards(const std::string& index) {
  path_ = index;
  const std::string folder =
      index.substr(0, index.rfind('/') == std::string::npos ? 0 : index.rfind('/') + 1);
  const auto wanted = read_index(index);
  for (const auto& name : shard_names(index)) {
    if (!file_exists(folder + name))
      throw ModelError(folder + name, "expected this file (" + index + " names it), got none");
    add(folder + name);
  }
  for (const auto& [tensor, name] : wanted) {
    if (header_.tensors.count(tensor) == 0)
      throw ModelError(folder + name + ": " + tensor, "expected this tensor (" + index + "), got none");
  }
}

std::string_view SafetensorsFile::bytes(const TensorEntry& entry) const {
  return files_[entry.shard]->bytes().substr(data_starts_[entry.shard] + entry.begin,
                                             entry.end - entry.begin);
}

void SafetensorsFile::release(std::string_view part) const {
  for (const auto& file : files_) {
    const std::string_view all = file->bytes();
    if (part.data() >= all.data() && part.data() < all.data() + all.size()) return file->release(part);
  }
}

namespace {

void write_in_parts(FileWriter& writer, std::string_view bytes, OnInterrupt on_interrupt) {
  constexpr size_t kPart = size_t{16} << 20;
  for (size_t begin = 0; begin < bytes.size(); begin += kPart) {
    poll_interrupt(on_interrupt);
    writer.write(bytes.substr(begin, kPart));
  }
}

}  // namespace

void write_safetensors(const std::string& path, const std::vector<TensorToWrite>& tensors,
                       const std::map<std::string, std::string>& metadata, OnInterrupt on_interrupt) {
  nlohmann::ordered_json header;
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t next = 0;
  for (const auto& tensor : tensors) {
    header[tensor.name] = {{"dtype", data_type_name(tensor.type)},
                           {"shape", tensor.shape},
                           {"data_offsets", {next, next + tensor.bytes.size()}}};
    next += tensor.bytes.size();
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');  // the data begins at a multiple of 8 bytes
  std::string length(8, '\0');
  for (size_t i = 0; i < 8; ++i) length[i] = text.size() >> (8 * i) & 0xFF;
  FileWriter writer(path);
  writer.write(length);
  writer.write(text);
  for (const auto& tensor : tensors) write_in_parts(writer, tensor.bytes, on_interrupt);
  writer.close();
}

}  // namespace dragoman
