#include "decoding/make_engine.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "decoding/packed/packed_engine.h"
#include "decoding/torch_engine.h"
#include "folder/weight_names.h"
#include "runtime/device.h"

namespace dragoman {
namespace {

WeightType weight_type(Precision precision) {
  if (precision == Precision::kInt8) return WeightType::kInt8;
  return precision == Precision::kBFloat16 ? WeightType::kBFloat16 : WeightType::kFloat32;
}

PackedEngineOptions packed_options(const EngineOptions& options, const std::vector<int64_t>& forbidden) {
  const int64_t share = std::max<int64_t>(1, at::get_num_threads() / options.workers);
  return {weight_type(options.precision), forbidden,
          static_cast<int>(options.threads > 0 ? options.threads : share), static_cast<int>(options.workers)};
}

// One line is given to all models of an ensemble, and their words are compared one by one.
void check_ensemble(const std::vector<ModelFolder>& folders) {
  const ModelFolder& first = folders.front();
  for (size_t i = 1; i < folders.size(); ++i)
    require_one_vocabulary("--model", folders[i].tokenizers, folders[i].path, first.tokenizers, first.path);
}

}  // namespace

OptionList EngineOptions::describe() {
  return {
      option(precision, "precision", "NAME",
             "numbers of matrix products; int8 has whole numbers, a scale a channel and a token, on the CPU"),
      option(workers, "workers", "N",
             "batches translated side by side on the CPU, each by --threads threads, over one set of weights")
          .at_least(1)
          .at_most(1024),
  };
}

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

ModelFolder load_for_engine(const std::string& path, const torch::Device& device,
                            const EngineOptions& options) {
  return packs(device, options.precision) ? ModelFolder::load_without_weights(path)
                                          : ModelFolder::load(path, device);
}

std::vector<ModelFolder> load_for_engine(const std::vector<std::string>& paths, const torch::Device& device,
                                         const EngineOptions& options) {
  std::vector<ModelFolder> folders;
  for (const auto& path : paths) folders.push_back(load_for_engine(path, device, options));
  return folders;
}

std::unique_ptr<SearchEngine> make_engine(const std::vector<ModelFolder>& folders,
                                          const EngineOptions& options,
                                          const std::vector<int64_t>& forbidden) {
  check_ensemble(folders);
  if (packs(folders.front().device(), options.precision)) {
    std::vector<ModelToPack> models;
    for (const auto& folder : folders) {
      models.push_back({folder.options, folder.model.is_empty() ? map_weights(folder.options, folder.path)
                                                                : stored_weights(folder.model)});
    }
    return std::make_unique<PackedEngine>(std::move(models), packed_options(options, forbidden));
  }
  if (options.precision == Precision::kInt8)
    throw UsageError("--precision", "required float32, bfloat16 or float16 on this device, got 'int8'");
  if (options.workers > 1)
    throw UsageError("--workers", "required 1 on this device and in this precision, got " +
                                      std::to_string(options.workers));
  std::vector<Transformer> models;
  for (const auto& folder : folders) models.push_back(folder.model);
  return std::make_unique<TorchEngine>(models, forbidden, options.precision);
}

}  // namespace dragoman
