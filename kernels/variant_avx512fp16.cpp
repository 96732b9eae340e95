// Compiled with the options that CMakeLists.txt gives to this file; empty for processors other than x86-64.
#if defined(__AVX512FP16__)
#define DRAGOMAN_KERNEL_VARIANT avx512fp16
#define DRAGOMAN_KERNEL_WIDTH 16
#include "kernels/all_kernels.h"
#endif
