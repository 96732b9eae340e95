// The object stream inside a PyTorch file, read as data. The format (Python's Lib/pickletools.py, protocols 2
// to 5) is a program for a small stack machine that can name any function and call it. This reader has no
// such machine: it knows the instructions that numbers, strings, tuples, lists and dictionaries need, and by
// name the handful of things that a tensor is made of, for which it writes down what they describe:
//
//   collections.OrderedDict                         a dictionary
//   torch.FloatStorage, HalfStorage, ...            a type of numbers
//   torch._utils._rebuild_tensor_v2, _rebuild_tensor, _rebuild_parameter      a tensor: storage, offset,
//   shape, strides
//
// Nothing is ever called or looked up. Every other name and instruction is a ModelError saying which. Memory
// is bounded by the length of the stream.
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
  int64_t number = 0;     // a truth or an integer; else the place in the lists of StreamObjects
  std::string_view text;  // of the stream
};

// Numbers that several tensors may share: data/KEY of the archive.
struct StreamStorage {
  DataType type;
  std::string_view key;
  int64_t count;  // of numbers
};
struct StreamTensor {
  size_t storage;
  int64_t offset;  // in numbers
  std::vector<int64_t> shape, strides;
};

// What a stream holds, in order of appearance; values name them by their place.
struct StreamObjects {
  std::vector<std::vector<StreamValue>> items;  // of tuples and lists; of dictionaries, key and value in turn
  std::vector<StreamStorage> storages;
  std::vector<StreamTensor> tensors;
};

// Reads one object from the beginning of `bytes` and takes it off; its texts stay views of the bytes. Objects
// are added to `objects`. ModelError naming `where`.
StreamValue read_object(std::string_view& bytes, const std::string& where, StreamObjects& objects);

}  // namespace dragoman
