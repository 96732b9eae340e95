#include "exchange/torch_model.h"

#include <set>

#include "core/error.h"
#include "core/interrupt.h"
#include "folder/weight_names.h"

namespace dragoman {
namespace {

constexpr char kBiasName[] = "final_logits_bias";

}  // namespace

GatheredWeights gather_torch_weights(const TorchFile& file, const ModelOptions& options,
                                     const std::string& path) {
  const ForeignTensors& tensors = file.tensors();
  GatheredWeights weights;
  std::set<std::string> used;
  const auto add = [&](const std::string& name, const std::vector<int64_t>& shape, const std::string& found) {
    weights.add(name, shape, tensors.at(found), path + ": " + found);
    used.insert(found);
  };
  for (const auto& name : weight_names(options)) {
    throw_if_interrupted();
    const auto found = find_weight(tensors, name, options);
    if (found != tensors.end()) {
      add(name.file, name.shape, found->first);
    } else if (name.file == kBiasName) {
      weights.note_absent(name.file);
      weights.add_numbers(name.file, name.shape, std::vector<float>(name.shape[1], 0.0F));
    } else {
      throw ModelError(path + ": " + name.file, "expected this tensor, got none");
    }
  }
  for (const auto& copy : weight_copies(options)) {
    if (tensors.count(copy.file) > 0)
      add(copy.file, copy.shape, copy.file);
    else
      weights.add_copy(copy.file, "model.shared.weight");
  }
  for (const char* name : kPositionNames) {
    if (tensors.count(name) > 0)
      add(name, {options.max_position_embeddings, options.d_model}, name);
    else
      weights.note_absent(name);
  }
  for (const auto& [name, tensor] : tensors) {
    if (used.count(name) == 0 && !may_be_ignored(name, options))
      throw ModelError(path + ": " + name, "expected only tensors of this model, got one more");
  }
  return weights;
}

}  // namespace dragoman
