// The object stream inside a PyTorch file, read as data. The format (Python's Lib/pickletools.py, protocols 2
// to 5) is a program for a small stack machine that can name and call any function. This reader calls
// nothing. It knows the instructions for numbers, strings, tuples, lists and dictionaries, and the few names
// that describe a tensor:
//
//   collections.OrderedDict                                              a dictionary
//   torch.FloatStorage, HalfStorage, ...                                 a data type
//   torch._utils._rebuild_tensor_v2, _rebuild_tensor, _rebuild_parameter  storage, offset, shape, strides
//
// Every other name or instruction is a ModelError that names it. The length of the stream bounds the memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "folder/safetensors.h"

namespace dragoman {

struct StreamValue {
  enum class Kind : uint8_t {
    kNone,
    kTruth,
    kInteger,
    kNumber,
    kText,
    kTuple,
    kList,
    kDictionary,
    kCallable,
    kStorage,
    kTensor
  };
  Kind kind = Kind::kNone;
  int64_t number = 0;     // a truth or an integer; otherwise the index in the lists of StreamObjects
  std::string_view text;  // a view of the stream
};

// The values of one or more tensors: data/KEY of the archive.
struct StreamStorage {
  DataType type;
  std::string_view key;
  int64_t count;  // values
};
struct StreamTensor {
  int64_t storage;  // index
  int64_t offset;   // in values
  std::vector<int64_t> shape, strides;
};

// The objects of a stream, in order. Values refer to them by index.
struct StreamObjects {
  std::vector<std::vector<StreamValue>>
      items;  // of tuples and lists; of dictionaries, keys and values alternate
  std::vector<StreamStorage> storages;
  std::vector<StreamTensor> tensors;
};

// Reads one object and removes it from the front of `bytes`. Its texts are views of the bytes. Its objects
// are added to `objects`. ModelError naming `where`.
StreamValue read_object(std::string_view& bytes, const std::string& where, StreamObjects& objects);

}  // namespace dragoman
