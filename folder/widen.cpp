#include "folder/widen.h"

#include <bit>
#include <cstring>
#include <stdexcept>

namespace dragoman {
namespace {

// IEEE 754 binary16: 1 sign, 5 exponent (bias 15), 10 fraction bits.
float from_half(uint16_t half) {
  const uint32_t sign = (half & 0x8000U) << 16;
  const uint32_t exponent = (half >> 10) & 31, fraction = half & 0x3FF;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000 | fraction << 13);
  if (exponent == 0) {  // zero, or below the smallest normal number: fraction * 2^-24
    const float value = fraction * 0x1p-24f;
    return sign ? -value : value;
  }
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
}

float from_bfloat16(uint16_t upper) {
  return std::bit_cast<float>(uint32_t{upper} << 16);
}

template <typename Stored, typename Convert>
void widen_each(const void* from, int64_t first, int64_t count, float* to, Convert convert) {
  const char* at = static_cast<const char*>(from) + first * sizeof(Stored);
  for (int64_t i = 0; i < count; ++i, at += sizeof(Stored)) {
    Stored stored;
    std::memcpy(&stored, at, sizeof stored);
    to[i] = convert(stored);
  }
}

// By the bits of the exponent: all of them are set in NaN and infinity.
template <typename Stored>
bool finite_bits(const void* from, int64_t count, Stored exponent) {
  const char* at = static_cast<const char*>(from);
  int found = 0;
  for (int64_t i = 0; i < count; ++i) {
    Stored bits;
    std::memcpy(&bits, at + i * sizeof bits, sizeof bits);
    found |= static_cast<Stored>(bits & exponent) == exponent;
  }
  return found == 0;
}

}  // namespace

bool is_floating(DataType type) {
  return type == DataType::kFloat64 || type == DataType::kFloat32 || type == DataType::kFloat16 ||
         type == DataType::kBFloat16;
}

bool all_finite(DataType type, const void* from, int64_t count) {
  switch (type) {
    case DataType::kFloat64:
      return finite_bits<uint64_t>(from, count, 0x7FF0000000000000);
    case DataType::kFloat32:
      return finite_bits<uint32_t>(from, count, 0x7F800000);
    case DataType::kFloat16:
      return finite_bits<uint16_t>(from, count, 0x7C00);
    case DataType::kBFloat16:
      return finite_bits<uint16_t>(from, count, 0x7F80);
    default:
      throw std::logic_error("all_finite: no floating-point type: " + data_type_name(type));
  }
}

void widen(DataType type, const void* from, int64_t first, int64_t count, float* to) {
  switch (type) {
    case DataType::kFloat64:
      return widen_each<double>(from, first, count, to, [](double x) -> float { return x; });
    case DataType::kFloat32:
      std::memcpy(to, static_cast<const char*>(from) + first * 4, count * 4);
      return;
    case DataType::kFloat16:
      return widen_each<uint16_t>(from, first, count, to, from_half);
    case DataType::kBFloat16:
      return widen_each<uint16_t>(from, first, count, to, from_bfloat16);
    default:
      throw std::logic_error("widen: no floating-point type: " + data_type_name(type));
  }
}

}  // namespace dragoman
