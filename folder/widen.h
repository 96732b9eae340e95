// Floating-point numbers of other widths as float32.
#pragma once

#include <cstdint>

#include "folder/safetensors.h"

namespace dragoman {

// Elements first .. first+count-1 of an array at `from` (of any alignment). std::logic_error for a type that
// contains integers.
void widen(DataType type, const void* from, int64_t first, int64_t count, float* to);

bool is_floating(DataType type);

// Whether none of `count` elements at `from` (of any alignment) is NaN or infinite. std::logic_error for
// integers.
bool all_finite(DataType type, const void* from, int64_t count);

}  // namespace dragoman
