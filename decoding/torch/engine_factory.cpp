#include "decoding/torch/engine_factory.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "decoding/packed/packed_engine.h"
#include "decoding/torch/torch_engine.h"
#include "folder/weight_names.h"
#include "model/weights.h"
#include "runtime/device.h"

namespace dragoman {
namespace {

WeightType weight_type(Precision precision) {
  if (precision == Precision::kInt8) return WeightType::kInt8;
  return precision == Precision::kBFloat16 ? WeightType::kBFloat16 : WeightType::kFloat32;
}

PackedEngineOptions packed_options(const EngineOptions& options, const std::vector<int64_t>& forbidden) {
  const int64_t share = std::max<int64_t>(1, at::get_num_threads() / options.workers);
  return {weight_type(options.precision), forbidden, options.threads > 0 ? options.threads : share,
          options.workers};
}

// All models of an ensemble get the same ids, and their log-probabilities are added token by token.
void check_ensemble(const std::vector<ModelFolder>& folders) {
  const ModelFolder& first = folders.front();
  for (size_t i = 1; i < folders.size(); ++i)
    require_one_vocabulary("--model", folders[i].tokenizers, folders[i].path, first.tokenizers, first.path);
}

std::unique_ptr<SearchEngine> packed_engine(std::vector<ModelToPack> models, const EngineOptions& options,
                                            const std::vector<int64_t>& forbidden) {
  return std::make_unique<PackedEngine>(std::move(models), packed_options(options, forbidden));
}

void check_torch_options(const EngineOptions& options) {
  if (options.precision == Precision::kInt8)
    throw UsageError("--precision", "expected float32, bfloat16 or float16 on this device, got 'int8'");
  if (options.workers > 1)
    throw UsageError("--workers", "expected 1 on this device and in this precision, got " +
                                      std::to_string(options.workers));
}

}  // namespace

StoredWeights stored_weights(const Transformer& model) {
  const torch::NoGradGuard no_grad;
  std::map<std::string, torch::Tensor> all;
  for (const auto& item : model->named_parameters()) all[item.key()] = item.value();
  for (const auto& item : model->named_buffers()) all[item.key()] = item.value();
  auto kept = std::make_shared<std::vector<torch::Tensor>>();
  StoredWeights weights;
  for (const auto& name : weight_names(model->options())) {
    kept->push_back(all.at(name.ours).detach().to(torch::kCPU, torch::kFloat32).contiguous());
    const torch::Tensor& tensor = kept->back();
    weights.tensors[name.ours] = {tensor.const_data_ptr(), DataType::kFloat32,
                                  tensor.dim() > 1 ? tensor.size(0) : 1, tensor.size(-1)};
  }
  weights.owner = kept;
  weights.positions = model->positions_->positions();
  return weights;
}

bool packs(const torch::Device& device, Precision precision) {
  return device.is_cpu() && precision != Precision::kFloat16;
}

EngineFactory engine_on(const torch::Device& device, const EngineOptions& options) {
  return [=](const std::vector<ModelFolder>& folders,
             const std::vector<int64_t>& forbidden) -> std::unique_ptr<SearchEngine> {
    check_ensemble(folders);
    if (packs(device, options.precision)) {
      std::vector<ModelToPack> models;
      for (const auto& folder : folders)
        models.push_back({folder.options, map_weights(folder.options, folder.weights)});
      return packed_engine(std::move(models), options, forbidden);
    }
    check_torch_options(options);
    std::vector<Transformer> models;
    for (const auto& folder : folders) {
      models.push_back(load_model(folder.options, *folder.weights));
      models.back()->move_to(device);
    }
    return std::make_unique<TorchEngine>(models, forbidden, options.precision);
  };
}

EngineFactory engine_over(const Transformer& model, const EngineOptions& options) {
  return [=](const std::vector<ModelFolder>&,
             const std::vector<int64_t>& forbidden) -> std::unique_ptr<SearchEngine> {
    if (packs(model->device(), options.precision))
      return packed_engine({{model->options(), stored_weights(model)}}, options, forbidden);
    check_torch_options(options);
    return std::make_unique<TorchEngine>(std::vector<Transformer>{model}, forbidden, options.precision);
  };
}

}  // namespace dragoman
