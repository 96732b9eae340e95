#include "training/projected_loss.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "core/interrupt.h"
#include "fused/linear.h"
#include "kernels/kernels.h"

namespace dragoman {
namespace {

constexpr int64_t kChunkLogits = int64_t{1} << 20;  // 4 MB
// Minimum rows of a chunk: the width of the states within these bounds. Each chunk packs the whole matrix
// again. More rows than the caches hold cost narrow models more than they save.
constexpr int64_t kMinRows = 256, kMaxRows = 512;

struct Gradients {
  torch::Tensor hidden;  // [n,D]
  torch::Tensor weight;  // [V,D]
};

// What a row's loss depends on besides its logits.
struct RowOptions {
  double epsilon;
  bool wants_gradient;
};

// Logits of a chunk --> their gradient, row by row; adds to the sums.
void replace_by_gradient(torch::Tensor& logits, const int64_t* labels, const RowOptions& options,
                         double& smoothed, double& cross_entropy) {
  const int64_t vocabulary = logits.size(1), classes = vocabulary - 1;
  std::vector<RowLoss> losses(logits.size(0));
  float* values = logits.mutable_data_ptr<float>();
  const int64_t grain = std::max<int64_t>(1, (1 << 16) / vocabulary);
  const float epsilon = options.epsilon;
  const float scale = options.wants_gradient ? 1.0f : 0.0f;
  at::parallel_for(0, logits.size(0), grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      float* row = values + i * vocabulary;
      losses[i] = kernels().cross_entropy(row, classes, labels[i], epsilon, scale);
      if (options.wants_gradient) row[classes] = 0;  // <pad> is no class
    }
  });
  for (const RowLoss& loss : losses) smoothed += loss.smoothed, cross_entropy += loss.cross_entropy;
}

// hidden: [n,D]; labels: [n], none of them <pad>. `gradients` is null when none are wanted.
std::pair<double, double> loss_by_chunks(const torch::Tensor& hidden, const torch::Tensor& weight,
                                         const torch::Tensor& bias, const torch::Tensor& labels,
                                         const RowOptions& options, Gradients* gradients) {
  const int64_t tokens = hidden.size(0), vocabulary = weight.size(0);
  const int64_t min_rows = std::clamp(hidden.size(1), kMinRows, kMaxRows);
  const int64_t chunk = std::min(std::max(kChunkLogits / vocabulary, min_rows), tokens);
  const bool biased = bias.ne(0).any().item<bool>();  // only models of other programs have any
  auto buffer = torch::empty({chunk, vocabulary}, hidden.options());
  double smoothed = 0, cross_entropy = 0;
  for (int64_t begin = 0; begin < tokens; begin += chunk) {
    throw_if_interrupted();
    const int64_t rows = std::min(chunk, tokens - begin);
    const auto input = hidden.narrow(0, begin, rows);
    auto logits = buffer.narrow(0, 0, rows);
    multiply_into(logits, input, weight.t());
    if (biased) logits.add_(bias);
    replace_by_gradient(logits, labels.const_data_ptr<int64_t>() + begin, options, smoothed, cross_entropy);
    if (!gradients) continue;
    auto of_input = gradients->hidden.narrow(0, begin, rows);
    multiply_into(of_input, logits, weight);
    multiply_into(gradients->weight, logits.t(), input, begin > 0);
  }
  return {smoothed, cross_entropy};
}

class ProjectedLoss : public torch::autograd::Function<ProjectedLoss> {
 public:
  // hidden: [N,D]; weight: [V,D]; bias: [V]; labels: [N]. Returns {sum of the loss, sum of -log p_y}.
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context,
                                                const torch::Tensor& hidden, const torch::Tensor& weight,
                                                const torch::Tensor& bias, const torch::Tensor& labels,
                                                const RowOptions& options) {
    const auto counted = labels.ne(weight.size(0) - 1).nonzero().squeeze(1);  // [n]
    const bool all_count = counted.size(0) == labels.size(0);
    const auto input = all_count ? hidden : hidden.index_select(0, counted);
    const auto wanted = (all_count ? labels : labels.index_select(0, counted)).contiguous();
    Gradients gradients;
    if (options.wants_gradient) {
      gradients.hidden = torch::empty_like(input);
      gradients.weight = input.size(0) == 0 ? torch::zeros_like(weight) : torch::empty_like(weight);
    }
    const auto [smoothed, cross_entropy] =
        loss_by_chunks(input, weight, bias, wanted, options, options.wants_gradient ? &gradients : nullptr);
    if (options.wants_gradient) {
      if (!all_count) gradients.hidden = torch::zeros_like(hidden).index_copy_(0, counted, gradients.hidden);
      context->save_for_backward({gradients.hidden, gradients.weight});
    }
    // In double, as the sums are; their gradient comes back in it.
    const auto sum = torch::full({}, smoothed, torch::kFloat64),
               plain = torch::full({}, cross_entropy, torch::kFloat64);
    context->mark_non_differentiable({plain});
    return {sum, plain};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const double scale = gradients[0].item<double>();
    return {saved[0] * scale, saved[1] * scale, torch::Tensor(), torch::Tensor(), torch::Tensor()};
  }
};

}  // namespace

LossSums projected_loss(const torch::Tensor& hidden, OutputProjection& projection,
                        const torch::Tensor& labels, const LossOptions& options) {
  const bool fused = hidden.is_cpu() && hidden.scalar_type() == torch::kFloat32;
  if (!fused)
    return label_smoothed_cross_entropy(projection(hidden), labels, options.pad_id, options.epsilon);
  const auto& weight = projection->weight();
  TORCH_CHECK(options.pad_id == weight.size(0) - 1, "<pad> must be the last id, got ", options.pad_id, " of ",
              weight.size(0));
  const bool wants_gradient =
      at::GradMode::is_enabled() && (hidden.requires_grad() || weight.requires_grad());
  const auto rows = hidden.reshape({-1, hidden.size(-1)}).contiguous();
  auto sums = ProjectedLoss::apply(rows, weight, projection->bias().squeeze(0), labels.reshape({-1}),
                                   RowOptions{options.epsilon, wants_gradient});
  return {sums[0], sums[1]};
}

}  // namespace dragoman
