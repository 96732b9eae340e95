// safetensors: named tensors in one file (github.com/huggingface/safetensors, format description).
//
//   8 bytes      N, the header's length, little endian
//   N bytes      JSON: {"name": {"dtype": "F32", "shape": [2,3], "data_offsets": [begin, end]},
//   "__metadata__": {...}} the rest     the tensors' bytes, row major; offsets count from here
//
// This parser is torch-free and validates all input: every length is checked with overflow-safe arithmetic
// before it is used, tensors must cover the file without overlap and without a gap. Errors are ModelErrors
// naming file and tensor.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/interrupt.h"
#include "core/mapped_file.h"

namespace dragoman {

enum class DataType { kFloat64, kFloat32, kFloat16, kBFloat16, kInt64, kInt32, kInt8, kUInt8, kBool };

std::string data_type_name(DataType type);                  // "F32"
int64_t bytes_of(DataType type);                            // 4
std::string shape_text(const std::vector<int64_t>& shape);  // "[2,3]"

struct TensorEntry {
  DataType type = DataType::kFloat32;
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;  // bytes, from the start of the data
  size_t shard = 0;             // the file that contains it, where there are several
};

struct SafetensorsHeader {
  std::map<std::string, TensorEntry> tensors;
  std::map<std::string, std::string> metadata;
  uint64_t data_start = 0;  // bytes from the start of the file
};

// `start`: at least the first 8 + N bytes of the file (more bytes are ignored); `file_bytes`: the size of the
// whole file.
SafetensorsHeader parse_safetensors_header(std::string_view start, uint64_t file_bytes,
                                           const std::string& path);

// A complete safetensors file, memory-mapped: bytes(name) is valid while this object lives. Where there
// is no `path` but `path`.index.json, the tensors are in the files that this index names (shards, as
// transformers writes large models), and it is read as one file.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::string& path);

  const SafetensorsHeader& header() const { return header_; }
  const std::string& path() const { return path_; }  // of the file or of its index
  std::string_view bytes(const TensorEntry& entry) const;
  void release(std::string_view part) const;  // of bytes()

 private:
  void open_shards(const std::string& index);
  void add(const std::string& path);

  std::string path_;
  std::vector<std::unique_ptr<MappedFile>> files_;
  std::vector<uint64_t> data_starts_;  // of each file
  SafetensorsHeader header_;           // of all of them together
};

// "model.safetensors.index.json".
inline constexpr char kIndexSuffix[] = ".index.json";
// The names of the files that an index names, sorted. ModelError naming the index, for example when a name
// leads out of its folder.
std::vector<std::string> shard_names(const std::string& index);

// One tensor to write: bytes row major, little endian.
struct TensorToWrite {
  std::string name;
  DataType type;
  std::vector<int64_t> shape;
  std::string_view bytes;
};

// Writes the file in one go, fsynced (not renamed: the caller decides what takes its place). DataError naming
// the path.
void write_safetensors(const std::string& path, const std::vector<TensorToWrite>& tensors,
                       const std::map<std::string, std::string>& metadata = {{"format", "pt"}},
                       OnInterrupt on_interrupt = OnInterrupt::kFinish);

}  // namespace dragoman
