// A whole Transformer, packed for decoding on the CPU. The weights are packed once, and layers that read the
// same input are joined. It is read-only, so any number of sessions can share it.
#pragma once

#include <memory>
#include <vector>

#include "decoding/packed/packed_linear.h"
#include "folder/model_options.h"
#include "folder/weight_file.h"

namespace dragoman {

// Layer normalisation over D.
struct PackedNorm {
  std::vector<float> gain, bias;
};

// The rows of a table in the file or the model in memory. They are widened when they are read.
struct EmbeddingTable {
  StoredTensor table;  // [V,D]
  float scale = 1;     // sqrt(D), or 1
};

struct PackedEncoderLayer {
  PackedLinear self_input;  // [3D,D]: query, key, value
  PackedLinear self_output, inner, outer;
  PackedNorm self_norm, feed_forward_norm;
};

struct PackedDecoderLayer {
  PackedLinear self_input;  // [3D,D]
  PackedLinear self_output, cross_query, cross_output, inner, outer;
  PackedNorm self_norm, cross_norm, feed_forward_norm;
};

class PackedModel {
 public:
  // `weights`: as load_model would accept them. `forbidden`: ids that are never generated (<pad>).
  PackedModel(const ModelOptions& options, StoredWeights weights, WeightType type,
              const std::vector<int64_t>& forbidden, const Kernels& kernels, ThreadPool& pool);
  PackedModel(const PackedModel&) = delete;
  PackedModel& operator=(const PackedModel&) = delete;

  const ModelOptions& options() const { return options_; }
  const Kernels& kernels() const { return *kernels_; }
  Activation activation() const { return activation_; }
  size_t weight_bytes() const { return memory_.size(); }

  // out [D] = the embedding of `id` at `position`.
  void embed(const EmbeddingTable& table, int64_t id, int64_t position, float* out) const;

  EmbeddingTable source_embedding, target_embedding;
  std::vector<PackedEncoderLayer> encoder;
  std::vector<PackedDecoderLayer> decoder;
  PackedNorm encoder_final_norm, decoder_final_norm;  // pre-norm only, otherwise empty
  PackedLinear memory_input;  // [layers*2D,D]: keys and values of the memory for each layer of the decoder
  PackedLinear output;        // [V,D]

 private:
  struct Builder;
  void add_position(int64_t position, float* out) const;

  ModelOptions options_;
  StoredWeights weights_;  // keeps the embeddings, which are not packed
  const Kernels* kernels_;
  Activation activation_;
  Arena memory_;
  std::vector<float> positions_;  // the first kReadyPositions rows, [.,D]
};

}  // namespace dragoman
