#include "kernels/kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <cmath>
#include <cstdlib>
#include <cstring>

namespace dragoman {

namespace portable {
extern const Kernels kernels;
}
#if defined(__x86_64__)
namespace avx2 {
extern const Kernels kernels;
}
namespace avx512 {
extern const Kernels kernels;
}
namespace avx512vnni {
extern const Kernels kernels;
}
namespace avx512fp16 {
extern const Kernels kernels;
}

// AVX512-FP16, whose name clang 14 does not know: bit 23 of edx of leaf 7 (Intel's manual, volume 2, CPUID).
static bool calculates_in_float16() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (edx >> 23 & 1) != 0;
}
#endif

DropoutDraw DropoutDraw::with(double p, uint64_t seed) {
  return {seed, static_cast<uint32_t>(std::llround(p * 4294967296.0)), static_cast<float>(1 / (1 - p))};
}

std::vector<const Kernels*> available_kernels() {
  std::vector<const Kernels*> all;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")) {
    if (__builtin_cpu_supports("avx512vnni") && calculates_in_float16()) all.push_back(&avx512fp16::kernels);
    if (__builtin_cpu_supports("avx512vnni")) all.push_back(&avx512vnni::kernels);
    all.push_back(&avx512::kernels);
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) all.push_back(&avx2::kernels);
#endif
  all.push_back(&portable::kernels);
  return all;
}

int64_t attention_scratch(int64_t keys, int64_t head_size) {
  constexpr int64_t kQueryBlock = 48, kWidest = 16;  // as in bodies.h
  return 2 * (head_size + kQueryBlock) * (keys + kWidest);
}

const Kernels& kernels() {
  static const Kernels& chosen = []() -> const Kernels& {
    const auto all = available_kernels();
    const char* wanted = std::getenv("DRAGOMAN_KERNELS");
    for (const Kernels* one : all) {
      if (wanted && std::strcmp(wanted, one->name) == 0) return *one;
    }
    return *all.front();
  }();
  return chosen;
}

}  // namespace dragoman
