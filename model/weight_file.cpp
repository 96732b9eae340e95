#include "model/weight_file.h"

#include <set>

#include "core/files.h"
#include "core/widen.h"
#include "model/weight_names.h"

namespace dragoman {
namespace {

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (const int64_t size : shape) text += (text.size() > 1 ? "," : "") + std::to_string(size);
  return text + "]";
}

void check_tensors(const ModelOptions& options, const SafetensorsFile& file) {
  const auto& tensors = file.header().tensors;
  std::set<std::string> wanted;
  for (const auto& name : weight_names(options)) {
    const std::string where = file.path() + ": " + name.file;
    const auto found = tensors.find(name.file);
    wanted.insert(name.file);
    if (found == tensors.end()) throw ModelError(where, "required this tensor, got none");
    if (found->second.shape != name.shape) {
      throw ModelError(where, "required shape " + shape_text(name.shape) + " (config.json), got " +
                                  shape_text(found->second.shape));
    }
    if (!is_floating(found->second.type))
      throw ModelError(where, "required floating-point numbers, got " + data_type_name(found->second.type));
  }
  for (const auto& [name, entry] : tensors) {
    if (wanted.count(name) == 0 && !may_be_ignored(name, options))
      throw ModelError(file.path() + ": " + name, "required only tensors of this model, got one more");
  }
}

// Copies that another program has changed apart are two embeddings, which this model does not have.
void check_copies(const ModelOptions& options, const SafetensorsFile& file) {
  const auto& tensors = file.header().tensors;
  for (const auto& copy : weight_copies(options)) {
    const auto found = tensors.find(copy.file);
    if (found == tensors.end()) continue;
    const TensorEntry& shared = tensors.at("model.shared.weight");
    if (found->second.type != shared.type || file.bytes(found->second) != file.bytes(shared))
      throw ModelError(
          file.path() + ": " + copy.file,
          "required the numbers of model.shared.weight (config.json shares the embeddings), got others");
  }
}

}  // namespace

void check_weights(const ModelOptions& options, const SafetensorsFile& file) {
  check_tensors(options, file);
  check_copies(options, file);
}

StoredWeights map_weights(const ModelOptions& options, const std::string& folder) {
  const auto file = std::make_shared<const SafetensorsFile>(join_path(folder, "model.safetensors"));
  check_weights(options, *file);
  StoredWeights weights;
  weights.owner = file;
  for (const auto& name : weight_names(options)) {
    const TensorEntry& entry = file->header().tensors.at(name.file);
    const bool matrix = entry.shape.size() > 1;
    weights.tensors[name.ours] = {file->bytes(entry).data(), entry.type, matrix ? entry.shape[0] : 1,
                                  entry.shape.back()};
  }
  return weights;
}

}  // namespace dragoman
