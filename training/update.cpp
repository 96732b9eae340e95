#include "training/update.h"

#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

#include "core/random.h"
#include "fused/dropout.h"
#include "fused/linear.h"
#include "runtime/device.h"
#include "training/projected_loss.h"

namespace dragoman {
namespace {

constexpr int64_t kMaxWorkers = 4;

// What one worker brings: sums over its rows.
struct Share {
  std::vector<torch::Tensor> gradients;
  torch::Tensor losses;  // [2] float64 on the device: smoothed, cross-entropy; undefined when it had no rows
};

// The rows of a batch that belong to worker `index` of `count`; no rows when there are too few.
Batch rows_of(const Batch& batch, int index, int count) {
  const int64_t rows = batch.source.size(0), begin = rows * index / count, end = rows * (index + 1) / count;
  Batch part;
  part.source = batch.source.narrow(0, begin, end - begin);
  part.decoder_input = batch.decoder_input.narrow(0, begin, end - begin);
  part.labels = batch.labels.narrow(0, begin, end - begin);
  return part;
}

void add_gradients(std::vector<torch::Tensor>& sum, std::vector<torch::Tensor> more) {
  for (size_t i = 0; i < more.size(); ++i) {
    if (!more[i].defined()) continue;  // a parameter that this batch does not reach
    if (i >= sum.size()) sum.resize(more.size());
    if (sum[i].defined())
      sum[i].add_(more[i]);
    else
      sum[i] = more[i];
  }
}

LossSums loss_of(const Batch& batch, Transformer& model, const TrainingOptions& options) {
  const auto memory = model->encode(batch.source);
  const auto hidden = model->decode_hidden(batch.decoder_input, memory, batch.source);  // [B,T,D]
  const LossOptions loss{model->options().target_pad_id(), options.label_smoothing};
  return projected_loss(hidden, model->output_projection_, batch.labels, loss);
}

void learn_from(const Batch& batch, Transformer& model, const std::vector<torch::Tensor>& parameters,
                const TrainingOptions& options, double scale, Share& share) {
  LossSums sums;
  {
    const auto precision = precision_type(options.precision);
    const bool by_kernels = multiplies_by_kernels(options, model->device());
    const ProductsGuard products(by_kernels ? precision : torch::kFloat32);
    const AutocastGuard autocast(model->device(), by_kernels ? torch::kFloat32 : precision);
    sums = loss_of(batch, model, options);
  }
  add_gradients(share.gradients, torch::autograd::grad({sums.smoothed * scale}, parameters,
                                                       /*grad_outputs=*/{}, /*retain_graph=*/std::nullopt,
                                                       /*create_graph=*/false, /*allow_unused=*/true));
  const auto losses = torch::stack({sums.smoothed.detach(), sums.cross_entropy.detach()}).to(torch::kFloat64);
  share.losses = share.losses.defined() ? share.losses + losses : losses;
}

// Clips the gradients and makes the step, unless the loss or a gradient is not finite. Nothing waits for the
// device. losses: [2], per token. Returns [4] float64: the losses, the gradient norm, 1 when it was skipped.
torch::Tensor clip_and_step(Adam& optimiser, const torch::Tensor& losses, double clip_norm,
                            const UpdateSettings& settings) {
  const torch::NoGradGuard no_grad;
  const auto norm = optimiser.gradient_norm().to(torch::kFloat64) / settings.loss_scale;
  const auto skipped = losses.isfinite().all().logical_and(norm.isfinite()).logical_not();
  auto factor = torch::full_like(norm, 1 / settings.loss_scale);
  if (clip_norm > 0) factor = factor * torch::full_like(norm, clip_norm).div(norm + 1e-6).clamp_max(1);
  factor = factor.to(torch::kFloat32);
  // A factor of 1 needs no pass over the gradients. Reading it would wait for CUDA.
  if (!factor.is_cpu() || factor.item<float>() != 1) optimiser.scale_gradients(factor);
  optimiser.step(settings.learning_rate, skipped.to(torch::kFloat32));
  return torch::cat({losses, norm.unsqueeze(0), skipped.to(torch::kFloat64).unsqueeze(0)});
}

}  // namespace

int worker_count(int64_t threads, const torch::Device& device) {
  return device.is_cpu() ? std::clamp<int64_t>(threads, 1, kMaxWorkers) : 1;
}

bool multiplies_by_kernels(const TrainingOptions& options, const torch::Device& device) {
  return options.precision != Precision::kFloat32 && device.is_cpu() &&
         can_multiply_in(precision_type(options.precision));
}

UpdateResult train_update(Transformer& model, Adam& optimiser, const std::vector<Batch>& batches,
                          const TrainingOptions& options, const UpdateSettings& settings, Workers& workers) {
  UpdateResult result;
  for (const auto& batch : batches) result.label_tokens += batch.label_tokens;
  const double tokens = result.label_tokens;
  const auto parameters = optimiser.parameters();
  std::vector<Share> shares(workers.count());
  workers.run([&](int index) {
    const DropoutSeed dropout_seed(mix_seeds(settings.seed, index));
    for (const auto& batch : batches) {
      const Batch part = to_device(rows_of(batch, index, workers.count()), model->device());
      if (part.source.size(0) > 0)
        learn_from(part, model, parameters, options, settings.loss_scale / tokens, shares[index]);
    }
  });
  std::vector<torch::Tensor> gradients;
  torch::Tensor losses;  // [2], per token
  for (auto& share : shares) {
    add_gradients(gradients, std::move(share.gradients));
    if (share.losses.defined()) losses = losses.defined() ? losses + share.losses : share.losses;
  }
  losses = losses / tokens;
  optimiser.set_gradients(gradients);
  result.unread = clip_and_step(optimiser, losses, options.clip_norm, settings);
  if (settings.wait) result.read();
  return result;
}

void UpdateResult::read() {
  if (!unread.defined()) return;
  const auto values = unread.cpu();
  loss = values[0].item<double>(), cross_entropy = values[1].item<double>();
  gradient_norm = values[2].item<double>(), skipped = values[3].item<double>() != 0;
  unread = torch::Tensor();
}

}  // namespace dragoman
