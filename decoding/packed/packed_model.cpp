#include "decoding/packed/packed_model.h"

#include <cmath>
#include <limits>
#include <stdexcept>

#include "folder/widen.h"

namespace dragoman {
namespace {

constexpr int64_t kReadyPositions = 512;
constexpr size_t kWeightBlock = size_t{16} << 20;

Activation activation_of(ActivationFunction function) {
  switch (function) {
    case ActivationFunction::kRelu:
      return Activation::kRelu;
    case ActivationFunction::kGelu:
      return Activation::kGelu;
    case ActivationFunction::kSilu:
    case ActivationFunction::kSwish:
      break;
  }
  return Activation::kSilu;
}

}  // namespace

// Finds tensors by name and packs them.
struct PackedModel::Builder {
  PackedModel& model;
  WeightType type;
  ThreadPool& pool;

  const StoredTensor& tensor(const std::string& name) const { return model.weights_.tensors.at(name); }
  LinearPart part(const std::string& name) const {
    return {tensor(name + ".weight"), tensor(name + ".bias")};
  }
  // After packing, the stored weights are not needed any more.
  PackedLinear packed(const std::vector<LinearPart>& parts) const {
    PackedLinear linear(parts, type, *model.kernels_->packed, model.memory_, pool);
    for (const auto& part : parts) {
      if (model.weights_.release) model.weights_.release(part.weight);
    }
    return linear;
  }
  PackedLinear linear(const std::string& name) const { return packed({part(name)}); }
  PackedLinear self_input(const std::string& layer) const {
    const std::string name = layer + ".self_attention.";
    return packed({part(name + "query"), part(name + "key"), part(name + "value")});
  }
  std::vector<float> vector(const std::string& name) const {
    const StoredTensor& stored = tensor(name);
    std::vector<float> numbers(stored.columns);
    widen(stored.type, stored.data, 0, stored.columns, numbers.data());
    return numbers;
  }
  PackedNorm norm(const std::string& name) const {
    return {vector(name + ".weight"), vector(name + ".bias")};
  }

  PackedEncoderLayer encoder_layer(const std::string& layer) const {
    return {self_input(layer),
            linear(layer + ".self_attention.output"),
            linear(layer + ".feed_forward.inner"),
            linear(layer + ".feed_forward.outer"),
            norm(layer + ".self_attention_add_norm.norm"),
            norm(layer + ".feed_forward_add_norm.norm")};
  }
  PackedDecoderLayer decoder_layer(const std::string& layer) const {
    return {self_input(layer),
            linear(layer + ".self_attention.output"),
            linear(layer + ".cross_attention.query"),
            linear(layer + ".cross_attention.output"),
            linear(layer + ".feed_forward.inner"),
            linear(layer + ".feed_forward.outer"),
            norm(layer + ".self_attention_add_norm.norm"),
            norm(layer + ".cross_attention_add_norm.norm"),
            norm(layer + ".feed_forward_add_norm.norm")};
  }

  void build() const {
    const ModelOptions& o = model.options_;
    const float scale = o.scale_embedding ? std::sqrt(o.d_model) : 1;
    const bool shared = o.share_encoder_decoder_embeddings;
    model.source_embedding = {tensor(shared ? "embedding.weight" : "source_embedding.weight"), scale};
    model.target_embedding = {tensor(shared ? "embedding.weight" : "target_embedding.weight"), scale};
    for (int64_t i = 0; i < o.encoder_layers; ++i)
      model.encoder.push_back(encoder_layer("encoder.layers." + std::to_string(i)));
    std::vector<LinearPart> memory_parts;
    for (int64_t i = 0; i < o.decoder_layers; ++i) {
      const std::string layer = "decoder.layers." + std::to_string(i);
      model.decoder.push_back(decoder_layer(layer));
      memory_parts.push_back(part(layer + ".cross_attention.key"));
      memory_parts.push_back(part(layer + ".cross_attention.value"));
    }
    model.memory_input = packed(memory_parts);
    if (o.pre_norm()) {
      model.encoder_final_norm = norm("encoder.final_norm");
      model.decoder_final_norm = norm("decoder.final_norm");
    }
    const StoredTensor& weight =
        o.tie_word_embeddings ? model.target_embedding.table : tensor("output_projection.weight");
    model.output = packed({{weight, tensor("output_projection.bias")}});
  }
};

PackedModel::PackedModel(const ModelOptions& options, StoredWeights weights, WeightType type,
                         const std::vector<int64_t>& forbidden, const Kernels& kernels, ThreadPool& pool)
    : options_(options),
      weights_(std::move(weights)),
      kernels_(&kernels),
      activation_(activation_of(options.activation_function)),
      memory_(kWeightBlock) {
  Builder{*this, type, pool}.build();
  for (const int64_t id : forbidden) output.add_to_bias(id, -std::numeric_limits<float>::infinity());
  positions_ = weights_.positions.rows(0, kReadyPositions, options.d_model);
}

void PackedModel::add_position(int64_t position, float* out) const {
  const int64_t size = options_.d_model;
  const float* row = positions_.data() + position * size;
  std::vector<float> far;
  if (position >= kReadyPositions) {
    far = weights_.positions.rows(position, 1, size);
    row = far.data();
  }
  for (int64_t i = 0; i < size; ++i) out[i] += row[i];
}

void PackedModel::embed(const EmbeddingTable& table, int64_t id, int64_t position, float* out) const {
  widen(table.table.type, table.table.data, id * options_.d_model, options_.d_model, out);
  if (table.scale != 1) {
    for (int64_t i = 0; i < options_.d_model; ++i) out[i] *= table.scale;
  }
  add_position(position, out);
}

}  // namespace dragoman
