// Compiled with the options that CMakeLists.txt gives to this file; nothing on other processors than x86-64.
// What tiles are not for is that of the variant avx512fp16.
#if defined(__AMX_BF16__)
#include <immintrin.h>

#include <cstdint>

#include "kernels/kernels.h"

namespace dragoman::amx {
namespace {

constexpr int64_t kWidth = 16;
#include "kernels/vector.h"

#include "kernels/lines.h"

#include "kernels/bfloat16_product_bodies.h"

}  // namespace

void bfloat16_product(const Product& product, float* scratch) {
  product_by_tiles(product, scratch);
}

}  // namespace dragoman::amx
#endif
