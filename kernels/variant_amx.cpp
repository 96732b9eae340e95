// Compiled with the options that CMakeLists.txt gives to this file; empty for processors other than x86-64.
// Only the bfloat16 product uses AMX; kernels.cpp takes the other kernels from the variant avx512fp16.
#if defined(__AMX_BF16__)
#define DRAGOMAN_KERNEL_VARIANT amx
#define DRAGOMAN_KERNEL_WIDTH 16
#include "kernels/bfloat16_product_bodies.h"

namespace dragoman::amx {

void bfloat16_product(const Product& product, float* scratch) {
  product_by_tiles(product, scratch);
}

}  // namespace dragoman::amx
#endif
