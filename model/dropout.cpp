#include "model/dropout.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <mutex>
#include <optional>

#include "core/random.h"

namespace dragoman {
namespace {

constexpr int64_t kGrain = 1 << 15;  // numbers a thread takes at least

thread_local std::optional<SplitMix64> thread_seeds;

uint64_t draw_seed() {
  if (thread_seeds) return thread_seeds->next();
  auto generator = at::detail::getDefaultCPUGenerator();
  const std::lock_guard lock(generator.mutex());
  return at::check_generator<at::CPUGeneratorImpl>(generator)->random64();
}

// The finaliser of MurmurHash3 (Appleby) over a Weyl sequence: every bit of the index and of the seed reaches
// every bit of the result. Thirty-two bits, so that eight numbers are hashed at once where the processor can.
inline uint32_t hashed(uint32_t index, uint32_t seed) {
  uint32_t h = index * 0x9E3779B9u + seed;
  h = (h ^ (h >> 16)) * 0x85EBCA6Bu;
  h = (h ^ (h >> 13)) * 0xC2B2AE35u;
  return h ^ (h >> 16);
}

// Numbers first .. first+count-1 of the tensor. More than 2^32 numbers go on with another seed.
#if defined(__x86_64__)
__attribute__((target_clones("avx2", "default"), optimize("O3")))
#endif
void drop(const float* from, float* to, int64_t first, int64_t count, uint64_t seed, uint32_t threshold, float scale) {
  const auto low = static_cast<uint32_t>(first);
  const uint32_t mixed = static_cast<uint32_t>(seed) ^ static_cast<uint32_t>(seed >> 32) ^
                         hashed(static_cast<uint32_t>(first >> 32), 0x5851F42Du);
  for (int64_t i = 0; i < count; ++i)
    to[i] = hashed(low + static_cast<uint32_t>(i), mixed) < threshold ? 0.0f : from[i] * scale;
}

torch::Tensor dropped(const torch::Tensor& x, uint64_t seed, double p) {
  const auto source = x.contiguous();
  auto result = torch::empty_like(source);
  const auto threshold = static_cast<uint32_t>(std::llround(p * 4294967296.0));
  const auto scale = static_cast<float>(1 / (1 - p));
  const float* from = source.const_data_ptr<float>();
  float* to = result.mutable_data_ptr<float>();
  at::parallel_for(0, source.numel(), kGrain, [&](int64_t begin, int64_t end) {
    drop(from + begin, to + begin, begin, end - begin, seed, threshold, scale);
  });
  return result;
}

class HashedDropout : public torch::autograd::Function<HashedDropout> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x, double p) {
    const uint64_t seed = draw_seed();
    context->saved_data["seed"] = static_cast<int64_t>(seed);
    context->saved_data["p"] = p;
    return dropped(x, seed, p);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto seed = static_cast<uint64_t>(context->saved_data["seed"].toInt());
    return {dropped(gradients[0], seed, context->saved_data["p"].toDouble()), torch::Tensor()};
  }
};

}  // namespace

DropoutSeed::DropoutSeed(uint64_t seed) {
  thread_seeds.emplace(seed);
}
DropoutSeed::~DropoutSeed() {
  thread_seeds.reset();
}

torch::Tensor apply_dropout(const torch::Tensor& x, double p, bool training) {
  if (!training || p == 0) return x;
  if (!x.is_cpu()) return torch::dropout(x, p, true);
  if (x.scalar_type() == torch::kFloat32) return HashedDropout::apply(x, p);
  return x * dropped(torch::ones(x.sizes(), torch::kFloat32), draw_seed(), p).to(x.scalar_type());
}

}  // namespace dragoman
