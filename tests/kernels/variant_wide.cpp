// Sixteen floats per vector, as with AVX-512, but compiled for every processor. The tests use it to cover
// that width on machines without AVX-512.
#define DRAGOMAN_KERNEL_VARIANT wide
#define DRAGOMAN_KERNEL_WIDTH 16
#include "kernels/all_kernels.h"
