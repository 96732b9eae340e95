// Compiled with the options that CMakeLists.txt gives to this file; empty for processors other than x86-64.
#if defined(__AVX512VNNI__)
#define DRAGOMAN_KERNEL_VARIANT avx512vnni
#define DRAGOMAN_KERNEL_WIDTH 16
#include "kernels/all_kernels.h"
#endif
