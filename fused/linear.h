// Linear layers with the products of kernels/, on the CPU in float32, for the batch sizes of training. These
// read the rows and columns of the operands directly, where LibTorch's library packs all operands again for
// each product. The plain form is torch::linear. tests/fused/fused_test.cpp compares the two.
#pragma once

#include "runtime/torch.h"

namespace dragoman {

// x: [..,K]; weight: [N,K]; bias: [N]. Returns x W^T + b, [..,N].
torch::Tensor linear(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias);
inline torch::Tensor linear(const torch::Tensor& x, const torch::nn::Linear& layer) {
  return linear(x, layer->weight, layer->bias);
}

// Whether this processor supports products in this type. float32: always. float16
// (kernels/half_product_bodies.h): elements and sums of 128 products are rounded to 11 bits, longer sums are
// float32. bfloat16 (kernels/bfloat16_product_bodies.h): elements are rounded to 8 bits, sums are float32.
// Tensors are float32 in all cases.
bool can_multiply_in(torch::ScalarType type);

// While it lives, this thread computes these products and their gradients in this type.
class ProductsGuard {
 public:
  // Throws c10::Error if !can_multiply_in(type).
  explicit ProductsGuard(torch::ScalarType type);
  ~ProductsGuard();
  ProductsGuard(const ProductsGuard&) = delete;
  ProductsGuard& operator=(const ProductsGuard&) = delete;
  static torch::ScalarType type();

 private:
  torch::ScalarType before_;
};

// c = a b, or c += a b, without a gradient. a: [M,K] and b: [K,N] with any strides; c: [M,N] with dense rows.
// All are float32 on the CPU.
void multiply_into(torch::Tensor& c, const torch::Tensor& a, const torch::Tensor& b, bool add = false);
// c = a b + bias; bias: [N], dense.
void multiply_into(torch::Tensor& c, const torch::Tensor& a, const torch::Tensor& b,
                   const torch::Tensor& bias);

}  // namespace dragoman
