// Unsigned integers of 0 to 8 bytes, as zip archives, PyTorch's files and numpy's arrays store them.
#pragma once

#include <cstdint>
#include <string_view>

namespace dragoman {

// The least significant byte comes first. `bytes`: at most 8.
inline uint64_t little_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte)
    value = (value << 8) | static_cast<unsigned char>(*byte);
  return value;
}

}  // namespace dragoman
