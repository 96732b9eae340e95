// Inputs for the tests of the kernels, and the variant that is compiled only for tests.
#pragma once

#include <cstdint>
#include <vector>

#include "core/random.h"
#include "kernels/kernels.h"

namespace dragoman {

namespace wide {
extern const Kernels kernels;  // variant_wide.cpp: vectors of 16 floats, on any processor
}

using Floats = std::vector<float>;

// In [-2, 2).
inline Floats random_floats(int64_t count, uint64_t seed) {
  SplitMix64 random(seed);
  Floats numbers(static_cast<size_t>(count));
  for (float& number : numbers) number = static_cast<float>(random.uniform() * 4 - 2);
  return numbers;
}

}  // namespace dragoman
