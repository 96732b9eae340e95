// For every processor, as the compiler lowers vectors of four floats.
#define DRAGOMAN_KERNEL_VARIANT portable
#define DRAGOMAN_KERNEL_WIDTH 4
#include "kernels/all_kernels.h"
