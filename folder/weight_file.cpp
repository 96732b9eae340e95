#include "folder/weight_file.h"

#include <set>

#include "core/files.h"
#include "core/interrupt.h"
#include "folder/config.h"
#include "folder/model_files.h"
#include "folder/weight_names.h"
#include "folder/widen.h"

namespace dragoman {
namespace {

// One such number would silently spoil every translation. The bytes are given back: who loads them
// reads them one after the other.
void check_finite(const SafetensorsFile& file, const TensorEntry& entry, const std::string& name) {
  const std::string_view bytes = file.bytes(entry);
  const int64_t count = std::ssize(bytes) / bytes_of(entry.type);
  if (!all_finite(entry.type, bytes.data(), count))
    throw ModelError(file.path() + ": " + name, "expected finite numbers, got NaN or infinity");
  file.release(bytes);
}

void check_tensors(const ModelOptions& options, const SafetensorsFile& file) {
  const auto& tensors = file.header().tensors;
  std::set<std::string> wanted;
  for (const auto& name : weight_names(options)) {
    const std::string where = file.path() + ": " + name.file;
    const auto found = find_weight(tensors, name, options);
    wanted.insert(name.file);
    if (found == tensors.end()) throw ModelError(where, "expected this tensor, got none");
    if (found->second.shape != name.shape) {
      throw ModelError(where, "expected shape " + shape_text(name.shape) + " (config.json), got " +
                                  shape_text(found->second.shape));
    }
    if (!is_floating(found->second.type))
      throw ModelError(where, "expected floating-point numbers, got " + data_type_name(found->second.type));
  }
  for (const auto& [name, entry] : tensors) {
    throw_if_interrupted();
    if (is_floating(entry.type)) check_finite(file, entry, name);
    if (wanted.count(name) == 0 && !may_be_ignored(name, options))
      throw ModelError(file.path() + ": " + name, "expected only tensors of this model, got one more");
  }
}

// Copies that another program has changed separately are two embeddings, which this model does not have.
void check_copies(const ModelOptions& options, const SafetensorsFile& file) {
  const auto& tensors = file.header().tensors;
  const auto names = weight_names(options);
  for (const auto& copy : weight_copies(options)) {
    const auto found = tensors.find(copy.file);
    if (found == tensors.end()) continue;
    const TensorEntry& shared = find_weight(tensors, names.front(), options)->second;
    if (found->second.type != shared.type || file.bytes(found->second) != file.bytes(shared))
      throw ModelError(
          file.path() + ": " + copy.file,
          "expected the values of model.shared.weight (config.json shares the embeddings), got others");
  }
}

std::vector<float> floats(const SafetensorsFile& file, const TensorEntry& entry, const std::string& where) {
  if (!is_floating(entry.type))
    throw ModelError(where, "expected floating-point numbers, got " + data_type_name(entry.type));
  const std::string_view bytes = file.bytes(entry);
  const int64_t count = std::ssize(bytes) / bytes_of(entry.type);
  std::vector<float> numbers(count);
  widen(entry.type, bytes.data(), 0, count, numbers.data());
  return numbers;
}

}  // namespace

ModelOptions as_stored(ModelOptions options, const SafetensorsFile& file) {
  if (!options.share_encoder_decoder_embeddings || options.tie_word_embeddings) return options;
  const auto& tensors = file.header().tensors;
  const auto source = tensors.find("model.encoder.embed_tokens.weight"),
             target = tensors.find("model.decoder.embed_tokens.weight");
  if (source == tensors.end() || target == tensors.end()) return options;
  const auto shared = tensors.find("model.shared.weight");
  const auto same = [&](const TensorEntry& a, const TensorEntry& b) {
    return a.type == b.type && a.shape == b.shape && file.bytes(a) == file.bytes(b);
  };
  options.share_encoder_decoder_embeddings =
      same(source->second, target->second) &&
      (shared == tensors.end() || same(source->second, shared->second));
  return options;
}

ModelOptions stored_model_options(const ModelConfig& config) {
  const std::string path = join_path(config.folder, kWeightsName);
  if (!file_exists(path) && !file_exists(path + kIndexSuffix)) return config.options;
  return as_stored(config.options, SafetensorsFile(path));
}

void check_weights(const ModelOptions& options, const SafetensorsFile& file) {
  check_tensors(options, file);
  check_copies(options, file);
}

PositionTable stored_positions(const ModelOptions& options, const SafetensorsFile& file) {
  constexpr float kSame = 1e-6F, kRounded = 4e-3F;  // bfloat16 rounds by up to 2^-9
  const auto& tensors = file.header().tensors;
  const auto first = tensors.find(kPositionNames[0]), second = tensors.find(kPositionNames[1]);
  if (first == tensors.end() && second == tensors.end()) return {};
  const std::string where = file.path() + ": " + kPositionNames[0];
  if (first == tensors.end() || second == tensors.end())
    throw ModelError(where, "expected both tables of positions or none, got one");
  const int64_t count = options.max_position_embeddings, width = options.d_model;
  const std::vector<int64_t> shape = {count, width};
  if (first->second.shape != shape || second->second.shape != shape)
    throw ModelError(where, "expected shape " + shape_text(shape) + " (config.json), got " +
                                shape_text(first->second.shape) + " and " + shape_text(second->second.shape));
  const auto rows = floats(file, first->second, where);
  const auto scale = scale_of_positions(rows.data(), count, width, kRounded);
  if (!scale || rows != floats(file, second->second, where))
    throw ModelError(where,
                     "expected sines and cosines, the same for encoder and decoder, got other positions");
  if (scale_of_positions(rows.data(), count, width, kSame) == PositionScale::kPaper) return {};
  return {*scale, rows};
}

StoredWeights map_weights(const ModelOptions& options, const std::shared_ptr<const SafetensorsFile>& file) {
  check_weights(options, *file);
  StoredWeights weights;
  weights.owner = file;
  weights.positions = stored_positions(options, *file);
  weights.release = [file](const StoredTensor& tensor) {
    file->release(std::string_view(static_cast<const char*>(tensor.data),
                                   tensor.rows * tensor.columns * bytes_of(tensor.type)));
  };
  for (const auto& name : weight_names(options)) {
    const TensorEntry& entry = find_weight(file->header().tensors, name, options)->second;
    const bool matrix = entry.shape.size() > 1;
    weights.tensors[name.ours] = {file->bytes(entry).data(), entry.type, matrix ? entry.shape[0] : 1,
                                  entry.shape.back()};
  }
  return weights;
}

}  // namespace dragoman
