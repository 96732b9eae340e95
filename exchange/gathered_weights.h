// The weights of another program's model under Hugging Face's names, ready to be written.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "exchange/foreign_tensor.h"
#include "folder/model_options.h"
#include "folder/safetensors.h"

namespace dragoman {

class GatheredWeights {
 public:
  // Adds a tensor of `shape` with these values, row by row. `zero_rows` rows of zeros are appended (for one
  // dimension or [1,V]: values). ModelError naming `where` unless the values are finite floating-point
  // numbers and the shapes agree. The bytes of `tensor` must outlive this object.
  void add(const std::string& name, const std::vector<int64_t>& shape, const ForeignTensor& tensor,
           const std::string& where, int64_t zero_rows = 0);
  void add_numbers(const std::string& name, std::vector<int64_t> shape, const std::vector<float>& numbers);
  // Stores values that are not in a file. The result views them and is valid as long as this object lives.
  ForeignTensor keep(const std::vector<float>& numbers, const std::vector<int64_t>& shape);
  void add_copy(const std::string& name, const std::string& of);

  void note_absent(const std::string& name) { absent_.push_back(name); }

  const std::vector<TensorToWrite>& tensors() const { return tensors_; }
  const std::vector<std::string>& absent() const { return absent_; }

  int64_t numbers() const;
  // Of names, types, shapes and bytes, in the order of names. Equal weights have equal checksums, whatever
  // file they came from.
  std::string checksum() const;

 private:
  std::vector<TensorToWrite> tensors_;  // their bytes are in `kept_` or in the input file
  std::deque<std::string> kept_;
  std::vector<std::string> absent_;
};

}  // namespace dragoman
