#include "model/weights.h"

#include <map>
#include <stdexcept>

#include "core/files.h"
#include "core/safetensors.h"
#include "model/config.h"
#include "model/weight_file.h"
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

// Every parameter and buffer by its path.
std::map<std::string, torch::Tensor> tensors_of(const Transformer& model) {
  std::map<std::string, torch::Tensor> all;
  for (const auto& item : model->named_parameters()) all[item.key()] = item.value();
  for (const auto& item : model->named_buffers()) all[item.key()] = item.value();
  return all;
}

void copy_weights(Transformer& model, const SafetensorsFile& file) {
  const torch::NoGradGuard no_grad;
  auto targets = tensors_of(model);
  for (const auto& name : weight_names(model->options())) {
    const TensorEntry& entry = file.header().tensors.at(name.file);
    auto* bytes = const_cast<char*>(file.bytes(entry).data());  // from_blob wants it; nothing is written
    targets.at(name.ours).copy_(torch::from_blob(bytes, entry.shape, scalar_type(entry.type, name.file)));
  }
}

}  // namespace

void load_weights(Transformer& model, const std::string& path) {
  const SafetensorsFile file(path);
  check_weights(model->options(), file);
  copy_weights(model, file);
}

void save_weights(const Transformer& model, const std::string& path) {
  const auto sources = tensors_of(model);
  std::vector<torch::Tensor> kept;  // the bytes must live until they are written
  std::vector<TensorToWrite> tensors;
  auto names = weight_names(model->options());
  for (auto& copy : weight_copies(model->options())) names.push_back(std::move(copy));
  for (const auto& name : names) {
    const auto tensor = sources.at(name.ours).detach().to(torch::kCPU, torch::kFloat32).contiguous();
    // No file of ours ever holds such a number: it would poison every translation and every further update.
    if (!tensor.isfinite().all().item<bool>())
      throw std::runtime_error("[" + path + "] required finite weights, got NaN or infinity in " + name.ours);
    kept.push_back(tensor);
    tensors.push_back({name.file,
                       DataType::kFloat32,
                       name.shape,
                       {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()}});
  }
  write_safetensors(path, tensors);
}

Transformer load_model(const std::string& folder) {
  const ModelOptions options = read_model_config(folder);
  const SafetensorsFile file(join_path(folder, "model.safetensors"));
  check_weights(options, file);
  Transformer model(options);
  copy_weights(model, file);
  model->eval();
  return model;
}

}  // namespace dragoman
