// Marian's binary models, which marian-conv writes (src/common/binary.cpp):
//
//   8 bytes version (1)   8 bytes N   N times { name, type, shape, data: lengths in 8 bytes each }
//   N names with NULs   N shapes (4 bytes per dimension)   8 bytes P   P bytes of padding   N times data
//
// Torch-free. Only float models are read. Quantised or packed matrices are refused by name, since their
// layout depends on the processor.
#pragma once

#include <string>
#include <string_view>

#include "exchange/foreign_tensor.h"

namespace dragoman {

// The tensors by name. They view `bytes`. ModelError naming `path` and the tensor.
ForeignTensors parse_marian_bin(std::string_view bytes, const std::string& path);

}  // namespace dragoman
