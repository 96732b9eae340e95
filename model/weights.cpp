#include "model/weights.h"

#include <map>
#include <stdexcept>

#include "core/files.h"
#include "core/interrupt.h"
#include "folder/manifest.h"
#include "folder/safetensors.h"
#include "folder/weight_file.h"
#include "folder/weight_names.h"

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
      throw ModelError(where, "expected floating-point numbers, got " + data_type_name(type));
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

void copy_weights(Transformer& model, const SafetensorsFile& file) {
  const torch::NoGradGuard no_grad;
  auto targets = tensors_of(model);
  for (const auto& name : weight_names(model->options())) {
    throw_if_interrupted();
    const auto& [found, entry] = *find_weight(file.header().tensors, name, model->options());
    targets.at(name.ours).copy_(tensor_in(file, entry, found));
  }
  model->positions_->give(stored_positions(model->options(), file));
}

}  // namespace

void load_weights(Transformer& model, const std::string& path) {
  load_weights(model, SafetensorsFile(path));
}

void load_weights(Transformer& model, const SafetensorsFile& file) {
  check_weights(model->options(), file);
  copy_weights(model, file);
}

void save_weights(const Transformer& model, const std::string& path, DataType type,
                  OnInterrupt on_interrupt) {
  const auto sources = tensors_of(model);
  std::vector<torch::Tensor> kept;  // the bytes must live until they are written
  std::vector<TensorToWrite> tensors;
  auto names = weight_names(model->options());
  for (auto& copy : weight_copies(model->options())) names.push_back(std::move(copy));
  const auto add = [&](const std::string& name, const torch::Tensor& weight) {
    poll_interrupt(on_interrupt);
    const auto tensor = weight.detach().to(torch::kCPU, scalar_type(type, name)).contiguous();
    // No file of ours ever holds such a number: it would poison every translation and every further update.
    if (!tensor.isfinite().all().item<bool>())
      throw std::runtime_error("[" + path + "] expected finite weights, got NaN or infinity in " + name);
    kept.push_back(tensor);
    tensors.push_back({name,
                       type,
                       tensor.sizes().vec(),
                       {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()}});
  };
  for (const auto& name : names) add(name.file, sources.at(name.ours));
  const int64_t given = std::ssize(model->positions_->positions().given) / model->options().d_model;
  for (const char* name : kPositionNames) {
    if (given > 0) add(name, model->positions_->rows_from(0, given));
  }
  write_safetensors(path, tensors, {{"format", "pt"}}, on_interrupt);
}

Transformer load_model(const ModelOptions& options, const SafetensorsFile& file) {
  check_weights(options, file);
  Transformer model(options);
  copy_weights(model, file);
  model->eval();
  return model;
}

LoadedModelFolder load_model_folder(const std::string& path, const torch::Device& device) {
  ModelFolder folder = ModelFolder::read(path);
  Transformer model = load_model(folder.options, *folder.weights);
  model->move_to(device);
  return {std::move(folder), std::move(model)};
}

void write_model_weights(const std::string& folder, const Transformer& model) {
  const std::string path = join_path(folder, kWeightsName);
  save_weights(model, path + ".tmp");
  replace_listed_file(folder, kWeightsName, path + ".tmp", model_file_names(folder));
}

}  // namespace dragoman
