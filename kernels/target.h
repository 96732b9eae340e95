// The instruction set that a source file is compiled for. Each variant_*.cpp defines a namespace,
// DRAGOMAN_KERNEL_VARIANT, and a vector width in floats, DRAGOMAN_KERNEL_WIDTH, and then includes kernels.
// The kernels are in an unnamed namespace inside that namespace: code for one instruction set can never
// replace that for another. For the same reason the kernels call no function of the standard library.
//
// A kernel header that is compiled by itself, by a test or an editor, takes what the compiler's flags allow.
#pragma once

#include <cstdint>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#if !defined(DRAGOMAN_KERNEL_VARIANT)
#define DRAGOMAN_KERNEL_VARIANT standalone
#if defined(__AVX512F__)
#define DRAGOMAN_KERNEL_WIDTH 16
#elif defined(__AVX2__)
#define DRAGOMAN_KERNEL_WIDTH 8
#else
#define DRAGOMAN_KERNEL_WIDTH 4
#endif
#endif

namespace dragoman::DRAGOMAN_KERNEL_VARIANT {
namespace {

constexpr int64_t kWidth = DRAGOMAN_KERNEL_WIDTH;
constexpr float kInfinity = __builtin_inff();

}  // namespace
}  // namespace dragoman::DRAGOMAN_KERNEL_VARIANT
