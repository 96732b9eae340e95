#include "model/weights.h"

#include <map>
#include <stdexcept>

#include "core/files.h"
#include "core/safetensors.h"
#include "model/config.h"
#include "model/weight_names.h"

namespace dragoman {
namespace {

torch::ScalarType scalar_type(DataType type, const std::string& where) {
  switch (type) {
    case DataType::kFloat64:
      return torch::kFloat64;
    case DataType::kFloat32:
      return torch::kFloat32;
    case DataType::kFloat16:
      return torch::kFloat16;
    case DataType::kBFloat16:
      return torch::kBFloat16;
    default:
      throw ModelError(where, "required floating-point numbers, got " + data_type_name(type));
  }
}

void check_against(const ModelOptions& options, const SafetensorsFile& file) {
  const auto& tensors = file.header().tensors;
  std::map<std::string, bool> wanted;
  for (const auto& name : weight_names(options)) {
    const auto found = find_weight(tensors, name, options);
    wanted[name.file] = true;
    if (found == tensors.end())
      throw ModelError(file.path() + ": " + name.file, "required this tensor, got none");
    if (found->second.shape != name.shape) {
      throw ModelError(file.path() + ": " + name.file, "required shape " + shape_text(name.shape) +
                                                           " (config.json), got " +
                                                           shape_text(found->second.shape));
    }
    scalar_type(found->second.type, file.path() + ": " + name.file);
  }
  for (const auto& [name, entry] : tensors) {
    if (wanted.count(name) == 0 && !may_be_ignored(name, options)) {
      throw ModelError(file.path() + ": " + name, "required only tensors of this model, got one more");
    }
  }
}

// Copies that another program has changed apart are two embeddings, which this model does not have.
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
          "required the numbers of model.shared.weight (config.json shares the embeddings), got others");
  }
}

// Every parameter and buffer by its path.
std::map<std::string, torch::Tensor> tensors_of(const Transformer& model) {
  std::map<std::string, torch::Tensor> all;
  for (const auto& item : model->named_parameters()) all[item.key()] = item.value();
  for (const auto& item : model->named_buffers()) all[item.key()] = item.value();
  return all;
}

// Views the file.
torch::Tensor tensor_in(const SafetensorsFile& file, const TensorEntry& entry, const std::string& name) {
  auto* bytes = const_cast<char*>(file.bytes(entry).data());  // from_blob wants it; nothing is written
  return torch::from_blob(bytes, entry.shape, scalar_type(entry.type, file.path() + ": " + name));
}

// Position tables in the file count where they are not our own to the last digit: another program computes
// with them, rounded as they are, and Marian's models were trained with other angles.
void take_positions(Transformer& model, const SafetensorsFile& file) {
  constexpr float kSame = 1e-6F, kRounded = 4e-3F;  // bfloat16 rounds by up to 2^-9
  const auto& tensors = file.header().tensors;
  const auto first = tensors.find(kPositionNames[0]), second = tensors.find(kPositionNames[1]);
  if (first == tensors.end() && second == tensors.end()) return;
  const std::string where = file.path() + ": " + kPositionNames[0];
  if (first == tensors.end() || second == tensors.end())
    throw ModelError(where, "required both tables of positions or none, got one");
  const int64_t count = model->options().max_position_embeddings, width = model->options().d_model;
  const std::vector<int64_t> shape = {count, width};
  if (first->second.shape != shape || second->second.shape != shape)
    throw ModelError(where, "required shape " + shape_text(shape) + " (config.json), got " +
                                shape_text(first->second.shape) + " and " + shape_text(second->second.shape));
  const auto rows = tensor_in(file, first->second, first->first).to(torch::kFloat32).contiguous();
  const auto* numbers = rows.const_data_ptr<float>();
  const auto scale = scale_of_positions(numbers, count, width, kRounded);
  if (!scale || !rows.equal(tensor_in(file, second->second, second->first).to(torch::kFloat32)))
    throw ModelError(where,
                     "required sines and cosines, the same for encoder and decoder, got other positions");
  if (scale_of_positions(numbers, count, width, kSame) != PositionScale::kPaper)
    model->positions_->give_rows(rows, *scale);
}

void copy_weights(Transformer& model, const SafetensorsFile& file) {
  const torch::NoGradGuard no_grad;
  check_copies(model->options(), file);
  auto targets = tensors_of(model);
  for (const auto& name : weight_names(model->options())) {
    const auto& [found, entry] = *find_weight(file.header().tensors, name, model->options());
    targets.at(name.ours).copy_(tensor_in(file, entry, found));
  }
  take_positions(model, file);
}

}  // namespace

void load_weights(Transformer& model, const std::string& path) {
  const SafetensorsFile file(path);
  check_against(model->options(), file);
  copy_weights(model, file);
}

void save_weights(const Transformer& model, const std::string& path, DataType type) {
  const auto sources = tensors_of(model);
  std::vector<torch::Tensor> kept;  // the bytes must live until they are written
  std::vector<TensorToWrite> tensors;
  auto names = weight_names(model->options());
  for (auto& copy : weight_copies(model->options())) names.push_back(std::move(copy));
  const auto add = [&](const std::string& name, const torch::Tensor& weight) {
    const auto tensor = weight.detach().to(torch::kCPU, scalar_type(type, name)).contiguous();
    // No file of ours ever holds such a number: it would poison every translation and every further update.
    if (!tensor.isfinite().all().item<bool>())
      throw std::runtime_error("[" + path + "] required finite weights, got NaN or infinity in " + name);
    kept.push_back(tensor);
    tensors.push_back({name,
                       type,
                       tensor.sizes().vec(),
                       {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()}});
  };
  for (const auto& name : names) add(name.file, sources.at(name.ours));
  const auto& positions = model->positions_->given_rows();
  for (const char* name : kPositionNames) {
    if (positions.defined()) add(name, positions);
  }
  write_safetensors(path, tensors);
}

Transformer load_model(const std::string& folder) {
  const ModelOptions options = read_model_config(folder);
  const SafetensorsFile file(join_path(folder, "model.safetensors"));
  check_against(options, file);
  Transformer model(options);
  copy_weights(model, file);
  model->eval();
  return model;
}

}  // namespace dragoman
