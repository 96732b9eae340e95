#include "fused/dropout.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/csrc/autograd/custom_function.h>

#include <mutex>
#include <optional>

#include "core/random.h"

namespace dragoman {
namespace {

constexpr int64_t kGrain = 1 << 15;  // the minimum number of elements per thread

thread_local std::optional<SplitMix64> thread_seeds;

uint64_t draw_seed() {
  if (thread_seeds) return thread_seeds->next();
  auto generator = at::detail::getDefaultCPUGenerator();
  const std::lock_guard lock(generator.mutex());
  return at::check_generator<at::CPUGeneratorImpl>(generator)->random64();
}

torch::Tensor dropped(const torch::Tensor& x, const DropoutDraw& draw) {
  const auto source = x.contiguous();
  auto result = torch::empty_like(source);
  const float* from = source.const_data_ptr<float>();
  float* to = result.mutable_data_ptr<float>();
  at::parallel_for(0, source.numel(), kGrain, [&](int64_t begin, int64_t end) {
    kernels().dropout(from + begin, to + begin, begin, end - begin, draw);
  });
  return result;
}

class HashedDropout : public torch::autograd::Function<HashedDropout> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x, double p) {
    const DropoutDraw draw = next_dropout_draw(p);
    save_draw(*context, p, draw);
    return dropped(x, draw);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    return {dropped(gradients[0], saved_draw(*context)), torch::Tensor()};
  }
};

}  // namespace

DropoutSeed::DropoutSeed(uint64_t seed) : before_(thread_seeds) {
  thread_seeds.emplace(seed);
}
DropoutSeed::~DropoutSeed() {
  thread_seeds = before_;
}

DropoutDraw next_dropout_draw(double p) {
  return p > 0 ? DropoutDraw::with(p, draw_seed()) : DropoutDraw();
}

void save_draw(torch::autograd::AutogradContext& context, double p, const DropoutDraw& draw) {
  const int64_t seed = draw.seed;  // IValue has no unsigned type
  context.saved_data["p"] = p;
  context.saved_data["seed"] = seed;
}

DropoutDraw saved_draw(torch::autograd::AutogradContext& context) {
  const double p = saved_probability(context);
  return p > 0 ? DropoutDraw::with(p, context.saved_data["seed"].toInt()) : DropoutDraw();
}

double saved_probability(torch::autograd::AutogradContext& context) {
  return context.saved_data["p"].toDouble();
}

torch::Tensor apply_dropout(const torch::Tensor& x, double p, bool training) {
  if (!training || p == 0) return x;
  if (!x.is_cpu()) return torch::dropout(x, p, true);
  if (x.scalar_type() == torch::kFloat32) return HashedDropout::apply(x, p);
  return x * dropped(torch::ones(x.sizes(), torch::kFloat32), next_dropout_draw(p)).to(x.scalar_type());
}

}  // namespace dragoman
