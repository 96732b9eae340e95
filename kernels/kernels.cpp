#include "kernels/kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
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

namespace amx {
void bfloat16_product(const Product& product, float* scratch);
}

namespace {

// Leaf 7 of CPUID (Intel's manual, volume 2), for features whose names clang 14 does not know.
struct Features {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;

  static Features of_leaf_7(unsigned subleaf) {
    Features f;
    if (__get_cpuid_count(7, subleaf, &f.eax, &f.ebx, &f.ecx, &f.edx) == 0) return {};
    return f;
  }
};

bool has_float16_arithmetic() {
  return (Features::of_leaf_7(0).edx >> 23 & 1) != 0;  // AVX512-FP16
}

// AMX with bfloat16, and the permission to use it: Linux gives it to a process on request, and its threads
// inherit it.
bool may_use_amx() {
  const unsigned wanted = 1u << 22 | 1u << 24;                       // AMX-BF16, AMX-TILE
  const bool converts = (Features::of_leaf_7(1).eax >> 5 & 1) != 0;  // AVX512-BF16
  if ((Features::of_leaf_7(0).edx & wanted) != wanted || !converts) return false;
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023, kTileRegisters = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileRegisters) == 0;
#else
  return false;
#endif
}

const Kernels& kernels_with_amx() {
  static const Kernels kernels = [] {
    Kernels result = avx512fp16::kernels;
    result.name = "amx";
    result.bfloat16_product = amx::bfloat16_product;
    return result;
  }();
  return kernels;
}

}  // namespace
#endif

DropoutDraw DropoutDraw::with(double p, uint64_t seed) {
  DropoutDraw draw;
  draw.seed = seed;
  draw.threshold = std::llround(p * 4294967296.0);
  draw.scale = 1 / (1 - p);
  return draw;
}

std::vector<const Kernels*> available_kernels() {
  std::vector<const Kernels*> all;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")) {
    if (__builtin_cpu_supports("avx512vnni") && has_float16_arithmetic()) {
      if (may_use_amx()) all.push_back(&kernels_with_amx());
      all.push_back(&avx512fp16::kernels);
    }
    if (__builtin_cpu_supports("avx512vnni")) all.push_back(&avx512vnni::kernels);
    all.push_back(&avx512::kernels);
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) all.push_back(&avx2::kernels);
#endif
  all.push_back(&portable::kernels);
  return all;
}

int64_t attention_scratch(int64_t keys, int64_t head_size) {
  constexpr int64_t kQueryBlock = 48, kMaxWidth = 16;  // as in attention_bodies.h
  return 2 * (head_size + kQueryBlock) * (keys + kMaxWidth);
}

const Kernels& kernels() {
  static const Kernels* chosen = []() -> const Kernels* {
    const auto all = available_kernels();
    const char* wanted = std::getenv("DRAGOMAN_KERNELS");
    for (const Kernels* one : all) {
      if (wanted && std::strcmp(wanted, one->name) == 0) return one;
    }
    return all.front();
  }();
  return *chosen;
}

}  // namespace dragoman
