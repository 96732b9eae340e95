// A tensor as it lies in a file of another program: rows need not lie one behind the other there.
//
//   element [i,j] of a matrix:  bytes + (i strides[0] + j strides[1]) * size of an element
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "folder/safetensors.h"

namespace dragoman {

struct ForeignTensor {
  DataType type = DataType::kFloat32;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;  // in elements, one a dimension
  std::string_view bytes;        // begins with the first element, ends where the tensor must not go beyond
};
using ForeignTensors = std::map<std::string, ForeignTensor>;

// The strides of rows that lie one behind the other.
std::vector<int64_t> row_major_strides(const std::vector<int64_t>& shape);

// How many elements. ModelError naming `where` when the tensor is one that no model has: more than 8
// dimensions, sizes or strides below 0, elements outside of its bytes, or more elements than its bytes can
// hold (an expanded tensor, which would need more memory than its file).
int64_t checked_count(const ForeignTensor& tensor, const std::string& where);

// The elements row by row: a view of the tensor's bytes where they lie so, else copied into `buffer`. The
// tensor was checked.
std::string_view row_major_bytes(const ForeignTensor& tensor, std::string& buffer);

// The same numbers: a matrix with rows for columns (other tensors as they are), and without dimensions of
// size 1.
ForeignTensor transposed(ForeignTensor tensor);
ForeignTensor squeezed(const ForeignTensor& tensor);

}  // namespace dragoman
