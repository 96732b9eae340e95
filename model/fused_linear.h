// Linear layers by the product of kernels/, which goes over the operands' own rows and columns where the
// library that LibTorch brings lays everything out anew for each product; on the CPU in float32, for as many
// rows as training has. The plain form is torch::linear; tests/model/fused_test.cpp holds the two together.
#pragma once

#include "model/torch.h"

namespace dragoman {

// x: [..,K]; weight: [N,K]; bias: [N]. Returns x W^T + b, [..,N].
torch::Tensor linear(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias);
inline torch::Tensor linear(const torch::Tensor& x, const torch::nn::Linear& layer) {
  return linear(x, layer->weight, layer->bias);
}

// Whether this processor multiplies in float16 (kernels/half_product_bodies.h): numbers of the operands and
// sums of 128 products are rounded to 11 bits, longer sums are float32, and so is all else.
bool can_multiply_in_half();

// While it lives, the products here and their derivatives are made in float16 when `on`, in this thread.
class HalfProductsGuard {
 public:
  explicit HalfProductsGuard(bool on);
  ~HalfProductsGuard();
  HalfProductsGuard(const HalfProductsGuard&) = delete;
  HalfProductsGuard& operator=(const HalfProductsGuard&) = delete;
  static bool on();

 private:
  bool before_;
};

// c = a b, or c += a b, without a gradient. a: [M,K], b: [K,N], of any strides; c: [M,N], its rows dense. All
// float32 on the CPU.
void multiply_into(torch::Tensor& c, const torch::Tensor& a, const torch::Tensor& b, bool add = false);
// c = a b + bias, [N], dense.
void multiply_into(torch::Tensor& c, const torch::Tensor& a, const torch::Tensor& b,
                   const torch::Tensor& bias);

}  // namespace dragoman
