// For every processor: what the compiler makes of vectors of four floats.
#define DRAGOMAN_KERNEL_VARIANT portable
#define DRAGOMAN_KERNEL_WIDTH 4
#include "kernels/bodies.h"
