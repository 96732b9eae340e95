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
  // Adds a tensor with these numbers, row by row, `zero_rows` more rows (or, for one dimension or [1,V],
  // numbers) of zeros behind. ModelError naming `where` unless these are finite floating-point numbers, and
  // the tensor then has `shape`. The bytes of `tensor` must outlive this object.
  void add(const std::string& name, const std::vector<int64_t>& shape, const ForeignTensor& tensor,
           const std::string& where, int64_t zero_rows = 0);
  void add_numbers(const std::string& name, std::vector<int64_t> shape, const std::vector<float>& numbers);
  // Keeps numbers that are none of a file's; the result views them as long as this object lives.
  ForeignTensor keep(std::vector<float> numbers, std::vector<int64_t> shape);
  void add_copy(const std::string& name, const std::string& of);

  void note_absent(const std::string& name) { absent_.push_back(name); }

  const std::vector<TensorToWrite>& tensors() const { return tensors_; }
  const std::vector<std::string>& absent() const { return absent_; }

  int64_t numbers() const;
  // Of names, types, shapes and bytes, in the order of names: the same weights have the same checksum,
  // whatever file they came from.
  std::string checksum() const;

 private:
  std::vector<TensorToWrite> tensors_;  // their bytes lie in `kept_`, or in the file that they came from
  std::deque<std::string> kept_;
  std::vector<std::string> absent_;
};

}  // namespace dragoman
