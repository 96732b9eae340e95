#include "fused/linear.h"

#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <memory>

#include "kernels/kernels.h"

namespace dragoman {
namespace {

// With fewer rows, packing the weights does not pay. Decoding step by step has its own products.
constexpr int64_t kMinRows = 32;
constexpr int64_t kMinRowsPerThread = 96;

thread_local torch::ScalarType product_type = torch::kFloat32;

// The kernel that multiplies in this type, or null.
auto product_kernel(torch::ScalarType type) {
  switch (type) {
    case torch::kFloat32:
      return kernels().product;
    case torch::kFloat16:
      return kernels().half_product;
    case torch::kBFloat16:
      return kernels().bfloat16_product;
    default:
      return decltype(kernels().product){};
  }
}

float* product_scratch() {
  struct alignas(64) Line {
    float values[16];
  };
  static thread_local const std::unique_ptr<Line[]> scratch(new Line[kProductScratch / 16]);
  return scratch[0].values;
}

bool takes_product(const torch::Tensor& x, const torch::Tensor& weight) {
  if (at::autocast::is_autocast_enabled(at::kCPU)) return false;  // it needs bfloat16
  return x.is_cpu() && x.scalar_type() == torch::kFloat32 && weight.scalar_type() == torch::kFloat32 &&
         x.numel() >= kMinRows * x.size(-1);
}

class FusedLinear : public torch::autograd::Function<FusedLinear> {
 public:
  // x: [M,K].
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const torch::Tensor& bias) {
    context->save_for_backward({x, weight});
    context->saved_data["type"] = ProductsGuard::type();
    auto y = torch::empty({x.size(0), weight.size(0)}, x.options());
    multiply_into(y, x, weight.t(), bias.contiguous());
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1];
    const ProductsGuard products(context->saved_data["type"].toScalarType());
    const auto y_gradient = gradients[0].contiguous();
    torch::Tensor x_gradient, weight_gradient, bias_gradient;
    if (context->needs_input_grad(0)) {
      x_gradient = torch::empty_like(x);
      multiply_into(x_gradient, y_gradient, weight);
    }
    if (context->needs_input_grad(1)) {
      weight_gradient = torch::empty_like(weight);
      multiply_into(weight_gradient, y_gradient.t(), x);
    }
    if (context->needs_input_grad(2)) bias_gradient = y_gradient.sum(0);
    return {x_gradient, weight_gradient, bias_gradient};
  }
};

}  // namespace

bool can_multiply_in(torch::ScalarType type) {
  return product_kernel(type) != nullptr;
}

ProductsGuard::ProductsGuard(torch::ScalarType type) : before_(product_type) {
  TORCH_CHECK(can_multiply_in(type), "this processor does not multiply in ", type);
  product_type = type;
}

ProductsGuard::~ProductsGuard() {
  product_type = before_;
}

torch::ScalarType ProductsGuard::type() {
  return product_type;
}

torch::Tensor linear(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias) {
  if (!takes_product(x, weight)) return torch::linear(x, weight, bias);
  auto sizes = x.sizes().vec();
  sizes.back() = weight.size(0);
  return FusedLinear::apply(x.reshape({-1, x.size(-1)}).contiguous(), weight, bias).view(sizes);
}

namespace {

void multiply(torch::Tensor& c, const torch::Tensor& a, const torch::Tensor& b, Product whole) {
  whole.rows = a.size(0), whole.depth = a.size(1), whole.columns = b.size(1);
  whole.a = a.const_data_ptr<float>(), whole.a_row = a.stride(0), whole.a_step = a.stride(1);
  whole.b = b.const_data_ptr<float>(), whole.b_step = b.stride(0), whole.b_column = b.stride(1);
  whole.c = c.mutable_data_ptr<float>(), whole.c_stride = c.stride(0);
  const auto by_kernel = product_kernel(product_type);
  const int64_t threads = std::max(1, at::get_num_threads());
  const int64_t share = std::max(kMinRowsPerThread, (whole.rows + threads - 1) / threads);
  at::parallel_for(0, whole.rows, share, [&](int64_t begin, int64_t end) {
    Product part = whole;
    part.rows = end - begin;
    part.a += begin * whole.a_row;
    part.c += begin * whole.c_stride;
    by_kernel(part, product_scratch());
  });
}

}  // namespace

void multiply_into(torch::Tensor& c, const torch::Tensor& a, const torch::Tensor& b, bool add) {
  Product product{};
  product.add = add;
  multiply(c, a, b, product);
}

void multiply_into(torch::Tensor& c, const torch::Tensor& a, const torch::Tensor& b,
                   const torch::Tensor& bias) {
  Product product{};
  product.bias = bias.const_data_ptr<float>();
  multiply(c, a, b, product);
}

}  // namespace dragoman
