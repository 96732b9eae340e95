// Compiled with the options that CMakeLists.txt gives to this file; empty for processors other than x86-64.
#if defined(__AVX2__)
#define DRAGOMAN_KERNEL_VARIANT avx2
#define DRAGOMAN_KERNEL_WIDTH 8
#include "kernels/all_kernels.h"
#endif
