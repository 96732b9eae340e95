#include "fused/add_norm.h"

#include <torch/csrc/autograd/custom_function.h>

#include "fused/dropout.h"

namespace dragoman {
namespace {

// The minimum number of rows per thread. Each part of this size has its own sums of the gradients of gain and
// bias, which are then added in order.
constexpr int64_t kPart = 512;

class FusedAddNorm : public torch::autograd::Function<FusedAddNorm> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& y, const torch::Tensor& gain, const torch::Tensor& bias,
                               double p) {
    const DropoutDraw draw = next_dropout_draw(p);
    const auto residual = x.contiguous(), branch = y.contiguous();
    const int64_t size = x.size(-1), rows = x.numel() / size;
    auto sum = torch::empty_like(residual), normalised = torch::empty_like(residual);
    auto statistics = torch::empty({rows, 2}, x.options());
    const float *from = residual.const_data_ptr<float>(), *added = branch.const_data_ptr<float>(),
                *g = gain.const_data_ptr<float>(), *b = bias.const_data_ptr<float>();
    float *sums = sum.mutable_data_ptr<float>(), *to = normalised.mutable_data_ptr<float>(),
          *moments = statistics.mutable_data_ptr<float>();
    at::parallel_for(0, rows, kPart, [&](int64_t begin, int64_t end) {
      const int64_t at = begin * size;
      kernels().add_norm({.first_row = begin,
                          .rows = end - begin,
                          .size = size,
                          .x = from + at,
                          .y = added + at,
                          .gain = g,
                          .bias = b,
                          .dropout = draw,
                          .sum = sums + at,
                          .normalised = to + at,
                          .statistics = moments + 2 * begin});
    });
    context->save_for_backward({sum, statistics, gain});
    save_draw(*context, p, draw);
    return normalised;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &sum = saved[0], &statistics = saved[1], &gain = saved[2];
    const DropoutDraw draw = saved_draw(*context);
    const auto incoming = gradients[0].contiguous();
    const int64_t size = sum.size(-1), rows = sum.numel() / size, parts = (rows + kPart - 1) / kPart;
    auto x_gradient = torch::empty_like(sum),
         y_gradient = saved_probability(*context) > 0 ? torch::empty_like(sum) : x_gradient;
    auto norm_gradients = torch::zeros({parts, 2, size}, sum.options());  // of gain and bias, for each part
    const float *dy = incoming.const_data_ptr<float>(), *z = sum.const_data_ptr<float>(),
                *moments = statistics.const_data_ptr<float>(), *g = gain.const_data_ptr<float>();
    float *dx = x_gradient.mutable_data_ptr<float>(), *ds = y_gradient.mutable_data_ptr<float>(),
          *norm = norm_gradients.mutable_data_ptr<float>();
    at::parallel_for(0, parts, 1, [&](int64_t first, int64_t last) {
      for (int64_t part = first; part < last; ++part) {
        const int64_t begin = part * kPart, end = std::min(rows, begin + kPart), at = begin * size;
        float* gain_gradient = norm + part * 2 * size;
        kernels().add_norm_backward({.first_row = begin,
                                     .rows = end - begin,
                                     .size = size,
                                     .normalised_gradient = dy + at,
                                     .sum = z + at,
                                     .statistics = moments + 2 * begin,
                                     .gain = g,
                                     .dropout = draw,
                                     .x_gradient = dx + at,
                                     .y_gradient = ds + at,
                                     .gain_gradient = gain_gradient,
                                     .bias_gradient = gain_gradient + size});
      }
    });
    const auto total = norm_gradients.sum(0);
    return {x_gradient, y_gradient, total[0], total[1], torch::Tensor()};
  }
};

}  // namespace

torch::Tensor add_norm(const torch::Tensor& x, const torch::Tensor& y, torch::nn::LayerNorm norm,
                       double dropout) {
  if (!x.is_cpu() || x.scalar_type() != torch::kFloat32)
    return norm(x + apply_dropout(y, dropout, dropout > 0));
  // Autocast gives y in half the width.
  return FusedAddNorm::apply(x, y.to(torch::kFloat32), norm->weight, norm->bias, dropout);
}

}  // namespace dragoman
