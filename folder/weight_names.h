// The table between the names in model/ and Hugging Face's: which tensors a model of some shape has, what
// each is called in model.safetensors, and its shape. Torch-free, so that a file can be checked before
// anything is allocated.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "folder/model_options.h"

namespace dragoman {

struct WeightName {
  std::string ours;  // path of the parameter in the Transformer module:
                     // "encoder.layers.0.self_attention.query.weight"
  std::string file;  // "model.encoder.layers.0.self_attn.q_proj.weight"
  std::vector<int64_t> shape;
};

// In the order of the blocks of model/.
std::vector<WeightName> weight_names(const ModelOptions& options);

// Second names under which the file holds a tensor again. For transformers 5, "tie_word_embeddings": false
// means that nothing is tied, not even a shared embedding: it reads the tensors of the two sides and ignores
// the shared one.
std::vector<WeightName> weight_copies(const ModelOptions& options);

// The two position tables, [max_position_embeddings,D], which a file may or may not hold.
inline constexpr std::array<const char*, 2> kPositionNames = {"model.encoder.embed_positions.weight",
                                                              "model.decoder.embed_positions.weight"};

// The names under which a file may hold this tensor, its own first: of tensors that are tied to each other
// some programs store another one.
std::vector<std::string> possible_names(const WeightName& name, const ModelOptions& options);

// The tensor of a map by names, or its end().
template <typename Tensors>
auto find_weight(const Tensors& tensors, const WeightName& name, const ModelOptions& options) {
  for (const auto& possible : possible_names(name, options)) {
    const auto found = tensors.find(possible);
    if (found != tensors.end()) return found;
  }
  return tensors.end();
}

// Names that other programs may add: position tables, aliases of a shared embedding.
bool may_be_ignored(const std::string& file_name, const ModelOptions& options);

}  // namespace dragoman
