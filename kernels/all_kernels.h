// All kernels of one instruction set. Each variant_*.cpp includes this header once.
#pragma once

#include "kernels/attention_bodies.h"
#include "kernels/best_of_row_bodies.h"
#include "kernels/cache_attention_bodies.h"
#include "kernels/dropout_bodies.h"
#include "kernels/half_product_bodies.h"
#include "kernels/kernels.h"
#include "kernels/loss_bodies.h"
#include "kernels/norm_bodies.h"
#include "kernels/packed.h"
#include "kernels/packed_product_bodies.h"
#include "kernels/product_bodies.h"
#include "kernels/target.h"

namespace dragoman::DRAGOMAN_KERNEL_VARIANT {
namespace {

constexpr PackedKernels packed_kernels = {
    .panel = kPanel,
    .int8 = {kGroup, sizeof(Activation8), kZeroPoint == 0 ? 32767.0f : 127.0f, kZeroPoint},
    .multiply = multiply_float,
    .multiply_bfloat16 = multiply_bfloat16,
    .multiply_int8 = multiply_int8,
    .quantise = quantise,
    .norm = norm,
    .attend = attend_cache,
    .best_of_row = best_of_row,
};

}  // namespace

#define DRAGOMAN_TEXT_OF(x) #x
#define DRAGOMAN_NAME_OF(x) DRAGOMAN_TEXT_OF(x)
extern const Kernels kernels;
const Kernels kernels = {
    .name = DRAGOMAN_NAME_OF(DRAGOMAN_KERNEL_VARIANT),
    .width = kWidth,
    .dropout = dropout,
    .add_norm = add_norm,
    .add_norm_backward = add_norm_backward,
    .attention = attention,
    .attention_backward = attention_backward,
    .product = product,
#if defined(__AVX512FP16__)
    .half_product = half_product,
#else
    .half_product = nullptr,
#endif
    .bfloat16_product = nullptr,  // kernels/variant_amx.cpp
    .cross_entropy = cross_entropy,
    .packed = &packed_kernels,
};

}  // namespace dragoman::DRAGOMAN_KERNEL_VARIANT
