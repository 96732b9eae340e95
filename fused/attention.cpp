#include "fused/attention.h"

#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <memory>
#include <optional>

#include "fused/dropout.h"
#include "fused/linear.h"

namespace dragoman {
namespace {

// The arrays of one call: the offsets of queries, keys and values of each head, and their strides.
struct Arrays {
  int64_t batch, heads, queries, keys, head_size;
  torch::Tensor query, packed;  // packed is query itself in self-attention
  int64_t key_column;           // in packed: D after queries, 0 in cross-attention
  torch::Tensor mask;
  DropoutDraw dropout;

  bool is_self() const { return key_column > 0; }
  int64_t width() const { return heads * head_size; }

  AttentionHead head(int64_t b, int64_t h) const {
    AttentionHead head{};
    head.queries = queries, head.keys = keys, head.head_size = head_size;
    head.query_stride = query.size(2), head.key_stride = packed.size(2);
    head.query = query.const_data_ptr<float>() + query_offset(b, h);
    head.key = packed.const_data_ptr<float>() + key_offset(b, h);
    head.value = head.key + width();
    if (mask.defined()) {
      head.mask = mask.const_data_ptr<bool>() + (mask.size(0) == 1 ? 0 : b * mask.stride(0));
      head.mask_stride = mask.size(2) == 1 ? 0 : mask.stride(2);
    }
    head.scale = 1 / std::sqrt(head_size);
    head.dropout = dropout;
    head.first_index = (b * heads + h) * queries * keys;
    return head;
  }
  int64_t query_offset(int64_t b, int64_t h) const { return b * queries * query.size(2) + h * head_size; }
  int64_t key_offset(int64_t b, int64_t h) const {
    return b * keys * packed.size(2) + key_column + h * head_size;
  }

  // Calls work(b, h, scratch) for every head, on LibTorch's threads.
  template <typename Work>
  void for_each_head(const Work& work) const {
    const int64_t cost = queries * keys * head_size;
    const int64_t grain = std::max<int64_t>(1, (1 << 18) / std::max<int64_t>(1, cost));
    at::parallel_for(0, batch * heads, grain, [&](int64_t begin, int64_t end) {
      const std::unique_ptr<float[]> scratch(new float[attention_scratch(keys, head_size)]);
      for (int64_t i = begin; i < end; ++i) work(i / heads, i % heads, scratch.get());
    });
  }
};

Arrays arrays_of(const torch::Tensor& query, const torch::Tensor& memory, const torch::Tensor& mask,
                 int64_t heads, const DropoutDraw& draw) {
  Arrays a;
  a.query = query.contiguous();
  a.packed = memory.defined() ? memory.contiguous() : a.query;
  a.batch = query.size(0), a.queries = query.size(1), a.keys = a.packed.size(1), a.heads = heads;
  a.head_size = (memory.defined() ? query.size(2) : query.size(2) / 3) / heads;
  a.key_column = memory.defined() ? 0 : a.width();
  a.mask = mask.defined() ? mask.contiguous() : mask;
  a.dropout = draw;
  if (mask.defined()) {
    TORCH_CHECK(mask.dim() == 4 && mask.size(1) == 1 && mask.size(3) == a.keys &&
                    (mask.size(0) == 1 || mask.size(0) == a.batch) &&
                    (mask.size(2) == 1 || mask.size(2) == a.queries),
                "mask must be [1 or B,1,1 or T,S], got ", mask.sizes());
  }
  return a;
}

std::optional<torch::Tensor> if_defined(const torch::Tensor& tensor) {
  return tensor.defined() ? std::optional(tensor) : std::nullopt;
}

class FusedAttention : public torch::autograd::Function<FusedAttention> {
 public:
  // Optional, not undefined: autograd asks every tensor argument for its device.
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& query,
                               const std::optional<torch::Tensor>& maybe_memory,
                               const std::optional<torch::Tensor>& maybe_mask, int64_t heads, double p) {
    const auto memory = maybe_memory.value_or(torch::Tensor()), mask = maybe_mask.value_or(torch::Tensor());
    const DropoutDraw draw = next_dropout_draw(p);
    const Arrays a = arrays_of(query, memory, mask, heads, draw);
    auto output = torch::empty({a.batch, a.queries, a.width()}, query.options());
    auto log_sums = torch::empty({a.batch, a.heads, a.queries}, query.options());
    float *out = output.mutable_data_ptr<float>(), *sums = log_sums.mutable_data_ptr<float>();
    a.for_each_head([&](int64_t b, int64_t h, float* scratch) {
      kernels().attention(a.head(b, h),
                          {.output = out + b * a.queries * a.width() + h * a.head_size,
                           .stride = a.width(),
                           .log_sum = sums + (b * a.heads + h) * a.queries},
                          scratch);
    });
    context->save_for_backward({query, memory, mask, output, log_sums});
    context->saved_data["heads"] = heads;
    save_draw(*context, p, draw);
    return output;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const Arrays a =
        arrays_of(saved[0], saved[1], saved[2], context->saved_data["heads"].toInt(), saved_draw(*context));
    const auto &output = saved[3], &log_sums = saved[4];
    const auto output_gradient = gradients[0].contiguous();
    auto query_gradient = torch::empty_like(a.query);
    auto memory_gradient = a.is_self() ? query_gradient : torch::empty_like(a.packed);
    float *dq = query_gradient.mutable_data_ptr<float>(), *dkv = memory_gradient.mutable_data_ptr<float>();
    const float *out = output.const_data_ptr<float>(), *sums = log_sums.const_data_ptr<float>(),
                *dout = output_gradient.const_data_ptr<float>();
    a.for_each_head([&](int64_t b, int64_t h, float* scratch) {
      const int64_t at = b * a.queries * a.width() + h * a.head_size;
      float* key_gradient = dkv + a.key_offset(b, h);
      kernels().attention_backward(a.head(b, h),
                                   {.output = out + at,
                                    .output_gradient = dout + at,
                                    .stride = a.width(),
                                    .log_sum = sums + (b * a.heads + h) * a.queries,
                                    .query_gradient = dq + a.query_offset(b, h),
                                    .key_gradient = key_gradient,
                                    .value_gradient = key_gradient + a.width()},
                                   scratch);
    });
    return {query_gradient, a.is_self() ? torch::Tensor() : memory_gradient, torch::Tensor(), torch::Tensor(),
            torch::Tensor()};
  }
};

bool can_fuse_attention(const torch::Tensor& x, int64_t head_size) {
  if (at::autocast::is_autocast_enabled(at::kCPU)) return false;  // its products are in half precision
  return x.is_cpu() && x.scalar_type() == torch::kFloat32 && head_size % kernels().width == 0;
}

}  // namespace

std::optional<torch::Tensor> fused_attention(const torch::Tensor& query, const torch::Tensor& memory,
                                             const torch::Tensor& mask, const AttentionProjections& of,
                                             double dropout) {
  if (!can_fuse_attention(query, query.size(2) / of.heads)) return std::nullopt;
  if (query.is_same(memory)) {
    const auto packed = linear(query, torch::cat({of.query->weight, of.key->weight, of.value->weight}),
                               torch::cat({of.query->bias, of.key->bias, of.value->bias}));  // [B,T,3D]
    return fused_self_attention(packed, mask, of.heads, dropout);
  }
  const auto packed = linear(memory, torch::cat({of.key->weight, of.value->weight}),
                             torch::cat({of.key->bias, of.value->bias}));  // [B,S,2D]
  return fused_cross_attention(linear(query, of.query), packed, mask, of.heads, dropout);
}

torch::Tensor fused_self_attention(const torch::Tensor& packed, const torch::Tensor& mask, int64_t heads,
                                   double dropout) {
  return FusedAttention::apply(packed, std::optional<torch::Tensor>(), if_defined(mask), heads, dropout);
}

torch::Tensor fused_cross_attention(const torch::Tensor& query, const torch::Tensor& packed,
                                    const torch::Tensor& mask, int64_t heads, double dropout) {
  return FusedAttention::apply(query, std::optional(packed), if_defined(mask), heads, dropout);
}

}  // namespace dragoman
