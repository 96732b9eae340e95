#include "training/loss.h"

#include <torch/csrc/autograd/custom_function.h>

namespace dragoman {
namespace {

// In one pass each way, with one [N,V] tensor alive besides the logits: autograd's own derivative of the
// formula would hold four.
//   d loss / d logit_k = softmax_k - epsilon/K - (1-epsilon) [k = y]
class SmoothedCrossEntropy : public torch::autograd::Function<SmoothedCrossEntropy> {
 public:
  // logits: [N,V] float32; labels: [N]. Returns {sum of the loss, sum of -log p_y}.
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context,
                                                const torch::Tensor& logits, const torch::Tensor& labels,
                                                double epsilon) {
    const int64_t classes = logits.size(1) - 1;
    const auto known = logits.narrow(1, 0, classes);
    const auto counts = labels.ne(classes);                                   // [N], false at <pad>
    const auto label = labels.clamp_max(classes - 1).unsqueeze(1);            // [N,1], any class at <pad>
    const auto log_sum = known.logsumexp(1);                                  // [N]
    const auto cross_entropy = log_sum - logits.gather(1, label).squeeze(1);  // [N]
    const auto uniform = log_sum - known.mean(1);                             // [N]
    const auto loss = (1 - epsilon) * cross_entropy + epsilon * uniform;
    context->save_for_backward({logits, label, log_sum, counts});
    context->saved_data["epsilon"] = epsilon;
    const auto sum = loss.mul(counts).sum(), plain = cross_entropy.mul(counts).sum();
    context->mark_non_differentiable({plain});
    return {sum, plain};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &logits = saved[0], &label = saved[1], &log_sum = saved[2], &counts = saved[3];
    const double epsilon = context->saved_data["epsilon"].toDouble();
    const int64_t classes = logits.size(1) - 1;
    const auto scale = gradients[0] * counts;  // [N], zero at <pad>
    auto gradient = torch::empty_like(logits);
    auto known = gradient.narrow(1, 0, classes);
    at::sub_out(known, logits.narrow(1, 0, classes), log_sum.unsqueeze(1));
    known.exp_().sub_(epsilon / classes).mul_(scale.unsqueeze(1));
    known.scatter_add_(1, label, (epsilon - 1) * scale.unsqueeze(1));
    gradient.select(1, classes).zero_();
    return {gradient, torch::Tensor(), torch::Tensor()};
  }
};

}  // namespace

LossSums label_smoothed_cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels,
                                      int64_t pad_id, double epsilon) {
  const int64_t vocabulary = logits.size(-1);
  TORCH_CHECK(pad_id == vocabulary - 1, "<pad> must be the last id, got ", pad_id, " of ", vocabulary);
  const auto flat = logits.reshape({-1, vocabulary}).to(torch::kFloat32);
  auto sums = SmoothedCrossEntropy::apply(flat, labels.reshape({-1}), epsilon);
  return {sums[0], sums[1]};
}

}  // namespace dragoman
