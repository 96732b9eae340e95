// A tensor in a file of another program. Its rows need not be contiguous.
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
  std::vector<int64_t> strides;  // in elements, one per dimension
  std::string_view bytes;        // from the first element to the limit of the tensor
};
using ForeignTensors = std::map<std::string, ForeignTensor>;

// The strides of contiguous rows.
std::vector<int64_t> row_major_strides(const std::vector<int64_t>& shape);

// The number of elements. ModelError naming `where` for a tensor that no model has: more than 8 dimensions,
// negative sizes or strides, elements outside of its bytes, or more elements than its bytes can hold (an
// expanded tensor, which would need more memory than its file).
int64_t checked_count(const ForeignTensor& tensor, const std::string& where);

// The elements row by row: a view of the tensor's bytes if they are contiguous, otherwise a copy in `buffer`.
// checked_count() must have accepted the tensor.
std::string_view row_major_bytes(const ForeignTensor& tensor, std::string& buffer);

// The same values with other strides.
ForeignTensor transposed(ForeignTensor tensor);       // only matrices change
ForeignTensor squeezed(const ForeignTensor& tensor);  // without dimensions of size 1

}  // namespace dragoman
