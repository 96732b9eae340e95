#include "training/projected_loss.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "core/interrupt.h"
#include "fused/linear.h"
#include "kernels/kernels.h"

namespace dragoman {
namespace {

constexpr int64_t kChunkNumbers = int64_t{1} << 20;  // of logits: 4 MB
// Rows at least, as many as the states are wide: each chunk lays out the whole matrix anew. More than
// the caches have room for cost narrow models more than they save.
constexpr int64_t kFewestRows = 256, kMostRows = 512;

struct Gradients {
  torch::Tensor hidden;  // [n,D]
  torch::Tensor weight;  // [V,D]
};

// What a row's loss depends on beside its logits. With R-Drop two rows that stand one behind the other are
// two passes over one label.
struct RowOptions {
  double epsilon, r_drop;
  bool wants_gradient;

  int64_t rows_of_label() const { return r_drop > 0 ? 2 : 1; }
};

// Logits of a chunk --> their gradient, label by label; adds to the sums.
void replace_by_gradient(torch::Tensor& logits, const int64_t* labels, const RowOptions& options,
                         double& smoothed, double& cross_entropy) {
  const int64_t vocabulary = logits.size(1), classes = vocabulary - 1, passes = options.rows_of_label();
  std::vector<RowLoss> losses(static_cast<size_t>(logits.size(0) / passes));
  float* numbers = logits.mutable_data_ptr<float>();
  const int64_t grain = std::max<int64_t>(1, (1 << 16) / vocabulary);
  const auto epsilon = static_cast<float>(options.epsilon), alpha = static_cast<float>(options.r_drop);
  const float scale = options.wants_gradient ? 1.0f : 0.0f;
  at::parallel_for(0, logits.size(0) / passes, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      float* row = numbers + i * passes * vocabulary;
      const int64_t label = labels[i * passes];
      losses[static_cast<size_t>(i)] =
          passes == 1
              ? kernels().cross_entropy(row, classes, label, epsilon, scale)
              : kernels().paired_cross_entropy(row, row + vocabulary, classes, label, epsilon, alpha, scale);
      for (int64_t pass = 0; options.wants_gradient && pass < passes; ++pass)
        row[pass * vocabulary + classes] = 0;  // <pad> is no class
    }
  });
  for (const RowLoss& loss : losses) smoothed += loss.smoothed, cross_entropy += loss.cross_entropy;
}

// hidden: [n,D]; labels: [n], none of them <pad>. `gradients` is null when none are wanted.
std::pair<double, double> loss_by_chunks(const torch::Tensor& hidden, const torch::Tensor& weight,
                                         const torch::Tensor& bias, const torch::Tensor& labels,
                                         const RowOptions& options, Gradients* gradients) {
  const int64_t tokens = hidden.size(0), vocabulary = weight.size(0);
  const int64_t fewest = std::clamp(hidden.size(1), kFewestRows, kMostRows);
  const int64_t chunk =
      std::min(std::max(kChunkNumbers / vocabulary, fewest) / 2 * 2, tokens);  // whole pairs
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
  // hidden: [N,D]; weight: [V,D]; bias: [V]; labels: [N]. Returns {sum of the loss, sum of -log p_y}. With
  // R-Drop rows and labels come in pairs.
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context,
                                                const torch::Tensor& hidden, const torch::Tensor& weight,
                                                const torch::Tensor& bias, const torch::Tensor& labels,
                                                double epsilon, double r_drop, bool wants_gradient) {
    const auto counted = labels.ne(weight.size(0) - 1).nonzero().squeeze(1);  // [n]
    const bool all_count = counted.size(0) == labels.size(0);
    const auto input = all_count ? hidden : hidden.index_select(0, counted);
    const auto wanted = (all_count ? labels : labels.index_select(0, counted)).contiguous();
    Gradients gradients;
    if (wants_gradient) {
      gradients.hidden = torch::empty_like(input);
      gradients.weight = input.size(0) == 0 ? torch::zeros_like(weight) : torch::empty_like(weight);
    }
    const auto [smoothed, cross_entropy] =
        loss_by_chunks(input, weight, bias, wanted, {epsilon, r_drop, wants_gradient},
                       wants_gradient ? &gradients : nullptr);
    if (wants_gradient) {
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
    return {saved[0] * scale, saved[1] * scale, torch::Tensor(), torch::Tensor(),
            torch::Tensor(),  torch::Tensor(),  torch::Tensor()};
  }
};

}  // namespace

LossSums projected_loss(const torch::Tensor& hidden, OutputProjection& projection,
                        const torch::Tensor& labels, const LossOptions& options) {
  const bool fused = hidden.is_cpu() && hidden.scalar_type() == torch::kFloat32;
  if (!fused && options.r_drop > 0)
    return r_drop_cross_entropy(projection(hidden), labels, options.pad_id, options.epsilon, options.r_drop);
  if (!fused)
    return label_smoothed_cross_entropy(projection(hidden), labels, options.pad_id, options.epsilon);
  const auto& weight = projection->weight();
  TORCH_CHECK(options.pad_id == weight.size(0) - 1, "<pad> must be the last id, got ", options.pad_id, " of ",
              weight.size(0));
  const bool wants_gradient =
      at::GradMode::is_enabled() && (hidden.requires_grad() || weight.requires_grad());
  auto rows = hidden.reshape({-1, hidden.size(-1)}).contiguous();
  auto of_rows = labels.reshape({-1});
  if (options.r_drop > 0) {  // both passes of a token side by side
    rows = rows.view({2, -1, rows.size(1)}).transpose(0, 1).reshape({-1, rows.size(1)});
    of_rows = of_rows.repeat_interleave(2);
  }
  auto sums = ProjectedLoss::apply(rows, weight, projection->bias().squeeze(0), of_rows, options.epsilon,
                                   options.r_drop, wants_gradient);
  return {sums[0], sums[1]};
}

}  // namespace dragoman
