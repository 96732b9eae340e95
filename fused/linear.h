// Linear layers by the product of kernels/, which goes over the operands' own rows and columns where the
// library that LibTorch brings lays everything out anew for each product; on the CPU in float32, for as many
// rows as training has. The plain form is torch::linear; tests/fused/fused_test.cpp holds the two together.
#pragma once

#include "runtime/torch.h"

namespace dragoman {

// x: [..,K]; weight: [N,K]; bias: [N]. Returns x W^T + b, [..,N].
torch::Tensor linear(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias);
inline torch::Tensor linear(const torch::Tensor& x, const torch::nn::Linear& layer) {
  return linear(x, layer->weight, layer->bias);
}

// Whether the products here can be made in this type on this processor. float32: always. float16
// (kernels/half_product_bodies.h): numbers of the operands and sums of 128 products are rounded to 11 bits,
// longer sums are float32. bfloat16 (kernels/bfloat16_product_bodies.h): numbers of the operands are rounded
// to 8 bits, sums are float32. All else is float32 in any case.
bool can_multiply_in(torch::ScalarType type);

// While it lives, the products here and their derivatives are made in this type, in this thread.
class ProductsGuard {
 public:
  // Throws c10::Error where !can_multiply_in(type).
  explicit ProductsGuard(torch::ScalarType type);
  ~ProductsGuard();
  ProductsGuard(const ProductsGuard&) = delete;
  ProductsGuard& operator=(const ProductsGuard&) = delete;
  static torch::ScalarType type();

 private:
  torch::ScalarType before_;
};

// c = a b, or c += a b, without a gradient. a: [M,K], b: [K,N], of any strides; c: [M,N], its rows dense. All
// float32 on the CPU.
void multiply_into(torch::Tensor& c, const torch::Tensor& a, const torch::Tensor& b, bool add = false);
// c = a b + bias, [N], dense.
void multiply_into(torch::Tensor& c, const torch::Tensor& a, const torch::Tensor& b,
                   const torch::Tensor& bias);

}  // namespace dragoman
