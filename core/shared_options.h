// Settings that mean the same in every command.
#pragma once

#include <cstdint>
#include <string>

#include "core/options.h"

namespace dragoman {

// The data type of matrix products.
enum class Precision { kFloat32, kBFloat16, kFloat16, kInt8 };
constexpr auto names_of(Precision) {
  return choice_names("float32", "bfloat16", "float16", "int8");
}

Option device_option(std::string& member);
Option threads_option(int64_t& member);
Option seed_option(int64_t& member);

}  // namespace dragoman
