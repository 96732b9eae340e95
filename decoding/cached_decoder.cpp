#include "decoding/cached_decoder.h"

#include <cmath>
#include <limits>
#include <utility>

#include "model/masks.h"

namespace dragoman {
namespace {

constexpr int64_t kFirstCapacity = 32;
constexpr int64_t kReadyPositions = 512;

// [rows, heads*K] --> [rows, heads, 1, K]
torch::Tensor heads_of(const torch::Tensor& x, int64_t heads) {
  return x.view({x.size(0), heads, 1, -1});
}

// A longer copy of a cache: [rows,H,capacity,K].
torch::Tensor grown(const torch::Tensor& cache, int64_t capacity, int64_t used) {
  auto larger = torch::empty({cache.size(0), cache.size(1), capacity, cache.size(3)}, cache.options());
  larger.narrow(2, 0, used).copy_(cache.narrow(2, 0, used));
  return larger;
}

}  // namespace

// weight [out,in], bias [out].
struct CachedDecoder::Projection {
  torch::Tensor weight, bias;

  Projection(torch::Tensor joined_weight, torch::Tensor joined_bias)
      : weight(std::move(joined_weight)), bias(std::move(joined_bias)) {}
  explicit Projection(const torch::nn::Linear& linear)
      : Projection(linear->weight.detach(), linear->bias.detach()) {}
  // Several that read the same input as one: their outputs are adjacent. By name, not by a constructor: from
  // g++ 13 on, a list of them could also be read as the arguments of one torch::nn::Linear.
  static Projection joined(const std::vector<torch::nn::Linear>& parts) {
    std::vector<torch::Tensor> weights, biases;
    for (const auto& part : parts)
      weights.push_back(part->weight.detach()), biases.push_back(part->bias.detach());
    return Projection(torch::cat(weights), torch::cat(biases));
  }
  torch::Tensor operator()(const torch::Tensor& x) const { return at::linear(x, weight, bias); }
};

struct CachedDecoder::Layer {
  explicit Layer(const DecoderLayerImpl& layer)
      : self_input(Projection::joined(
            {layer.self_attention_->query_, layer.self_attention_->key_, layer.self_attention_->value_})),
        self_output(layer.self_attention_->output_),
        cross_query(layer.cross_attention_->query_),
        memory_input(Projection::joined({layer.cross_attention_->key_, layer.cross_attention_->value_})),
        cross_output(layer.cross_attention_->output_),
        inner(layer.feed_forward_->inner_),
        outer(layer.feed_forward_->outer_),
        norms{layer.self_attention_add_norm_->norm_, layer.cross_attention_add_norm_->norm_,
              layer.feed_forward_add_norm_->norm_} {}

  Projection self_input;  // [3D,D]: query, key, value
  Projection self_output, cross_query;
  Projection memory_input;  // [2D,D]: key, value
  Projection cross_output, inner, outer;
  std::vector<torch::nn::LayerNorm> norms;

  // Add & norm without dropout. x: [rows,D].
  template <typename Sublayer>
  torch::Tensor add_norm(size_t which, bool pre_norm, const torch::Tensor& x, Sublayer sublayer) const {
    const auto norm = [&](const torch::Tensor& y) {
      return at::layer_norm(y, {y.size(-1)}, norms[which]->weight, norms[which]->bias, 1e-5);
    };
    return pre_norm ? x + sublayer(norm(x)) : norm(x + sublayer(x));
  }
};

void DecoderState::select_rows(const torch::Tensor& rows) {
  const int64_t room = keys.empty() ? 0 : keys[0].size(2);
  for (auto* caches : {&keys, &values}) {
    for (auto& cache : *caches) cache = grown(cache.narrow(2, 0, length).index_select(0, rows), room, length);
  }
}

void DecoderState::select_sentences(const torch::Tensor& sentences) {
  for (auto* caches : {&memory_keys, &memory_values}) {
    for (auto& cache : *caches) cache = cache.index_select(0, sentences);
  }
  if (source_mask.defined()) source_mask = source_mask.index_select(0, sentences);
  const auto beam = torch::arange(beams, sentences.options());
  const auto rows = (sentences.unsqueeze(1) * beams + beam).flatten();
  select_rows(rows);
}

CachedDecoder::CachedDecoder(Transformer model, std::vector<int64_t> forbidden) : model_(std::move(model)) {
  const torch::NoGradGuard no_grad;
  for (const auto& layer : *model_->decoder_->layers_) {
    layers_.push_back(std::make_shared<const Layer>(*layer->as<DecoderLayer>()));
  }
  forbidden_ = torch::tensor(forbidden, torch::kInt64).to(model_->device());
  positions_ = model_->positions_->rows_from(0, kReadyPositions).to(model_->device());
}

torch::Tensor CachedDecoder::position(int64_t index) const {
  if (index < kReadyPositions) return positions_[index];
  return model_->positions_->rows_from(index, 1)[0].to(model_->device());
}

DecoderState CachedDecoder::start(const torch::Tensor& source, int64_t beams) const {
  const auto memory = model_->encode(source);  // [n,S,D]
  const int64_t n = source.size(0), length = source.size(1), heads = options().decoder_attention_heads;
  DecoderState state;
  state.beams = beams;
  const auto mask = padding_mask(source, options().source_pad_id());
  if (!mask.all().item<bool>()) state.source_mask = mask;
  const int64_t width = options().d_model / heads;
  for (const auto& layer : layers_) {
    const auto both = layer->memory_input(memory)
                          .view({n, length, 2, heads, width})
                          .permute({2, 0, 3, 1, 4});  // [2,n,H,S,K]
    state.memory_keys.push_back(both[0].contiguous());
    state.memory_values.push_back(both[1].contiguous());
    state.keys.push_back(torch::empty({n * beams, heads, kFirstCapacity, width}, memory.options()));
    state.values.push_back(torch::empty({n * beams, heads, kFirstCapacity, width}, memory.options()));
  }
  return state;
}

torch::Tensor CachedDecoder::self_attention(const Layer& layer, const torch::Tensor& x, size_t index,
                                            DecoderState& state) const {
  const int64_t heads = options().decoder_attention_heads;
  auto& keys = state.keys[index];
  auto& values = state.values[index];
  if (state.length == keys.size(2)) {
    keys = grown(keys, 2 * state.length, state.length);
    values = grown(values, 2 * state.length, state.length);
  }
  const auto parts = layer.self_input(x).chunk(3, 1);  // query, key, value: [rows,D]
  keys.select(2, state.length).copy_(heads_of(parts[1], heads).squeeze(2));
  values.select(2, state.length).copy_(heads_of(parts[2], heads).squeeze(2));
  const int64_t known = state.length + 1;
  const auto attended = at::scaled_dot_product_attention(heads_of(parts[0], heads), keys.narrow(2, 0, known),
                                                         values.narrow(2, 0, known));
  return layer.self_output(attended.reshape({x.size(0), -1}));
}

torch::Tensor CachedDecoder::cross_attention(const Layer& layer, const torch::Tensor& x, size_t index,
                                             const DecoderState& state) const {
  // The beams of a sentence are its queries: [n*b,D] --> [n,H,b,K].
  const int64_t heads = options().decoder_attention_heads, n = x.size(0) / state.beams;
  const auto query = layer.cross_query(x).view({n, state.beams, heads, -1}).transpose(1, 2);
  const std::optional<torch::Tensor> mask =
      state.source_mask.defined() ? std::optional(state.source_mask) : std::nullopt;
  const auto attended =
      at::scaled_dot_product_attention(query, state.memory_keys[index], state.memory_values[index], mask);
  return layer.cross_output(attended.transpose(1, 2).reshape({x.size(0), -1}));
}

torch::Tensor CachedDecoder::step(const torch::Tensor& tokens, DecoderState& state) const {
  const bool pre_norm = options().pre_norm();
  auto x = model_->target_embedding_->forward(tokens) + position(state.length);  // [rows,D]
  for (size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = *layers_[i];
    x = layer.add_norm(0, pre_norm, x,
                       [&](const torch::Tensor& y) { return self_attention(layer, y, i, state); });
    x = layer.add_norm(1, pre_norm, x,
                       [&](const torch::Tensor& y) { return cross_attention(layer, y, i, state); });
    x = layer.add_norm(2, pre_norm, x, [&](const torch::Tensor& y) {
      return layer.outer(activate(layer.inner(y), options().activation_function));
    });
  }
  if (!model_->decoder_->final_norm_.is_empty()) x = model_->decoder_->final_norm_(x);
  ++state.length;
  const auto logits = model_->output_projection_->forward(x).to(torch::kFloat32);
  return logits.index_fill_(1, forbidden_, -std::numeric_limits<float>::infinity());
}

}  // namespace dragoman
