#include "fused/recompute.h"

#include <ATen/autocast_mode.h>
#include <ATen/core/Generator.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "fused/dropout.h"
#include "fused/linear.h"
#include "runtime/device.h"

namespace dragoman {
namespace {

// The state that a layer's result depends on, in addition to its inputs.
struct Surroundings {
  torch::Device device = torch::kCPU;
  torch::ScalarType precision = torch::kFloat32;
  torch::ScalarType product_type = ProductsGuard::type();
  uint64_t dropout_seed = 0;      // CPU
  torch::Tensor generator_state;  // CUDA

  explicit Surroundings(const torch::Device& where) : device(where) {
    if (at::autocast::is_autocast_enabled(device.type()))
      precision = at::autocast::get_autocast_dtype(device.type());
    if (device.is_cpu())
      dropout_seed = next_dropout_draw(0.5).seed;
    else
      generator_state = at::globalContext().defaultGenerator(device).get_state();
  }
};

struct Layer : torch::CustomClassHolder {
  Layer(LayerFunction layer, size_t input_count, const torch::Device& device)
      : function(std::move(layer)), inputs(input_count), surroundings(device) {}

  LayerFunction function;
  size_t inputs;
  Surroundings surroundings;

  torch::Tensor first_time(const std::vector<torch::Tensor>& given) const {
    if (!surroundings.device.is_cpu()) return function(given);
    const DropoutSeed seed(surroundings.dropout_seed);
    return function(given);
  }
  torch::Tensor again(const std::vector<torch::Tensor>& given) const {
    const AutocastGuard autocast(surroundings.device, surroundings.precision);
    const ProductsGuard products(surroundings.product_type);
    if (surroundings.device.is_cpu()) return first_time(given);
    auto generator = at::globalContext().defaultGenerator(surroundings.device);
    const auto now = generator.get_state();
    generator.set_state(surroundings.generator_state);
    const auto result = function(given);
    generator.set_state(now);
    return result;
  }
};

class Recomputed : public torch::autograd::Function<Recomputed> {
 public:
  // tensors: the inputs, then the parameters.
  static torch::Tensor forward(torch::autograd::AutogradContext* context,
                               const c10::intrusive_ptr<Layer>& layer, torch::TensorList tensors) {
    context->save_for_backward(tensors.vec());
    context->saved_data["layer"] = at::IValue::make_capsule(layer);
    return layer->first_time(tensors.slice(0, layer->inputs).vec());
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto layer = c10::static_intrusive_pointer_cast<Layer>(context->saved_data["layer"].toCapsule());
    auto tensors = context->get_saved_variables();
    const torch::AutoGradMode with_gradient(true);
    for (size_t i = 0; i < layer->inputs; ++i)
      tensors[i] = tensors[i].detach().requires_grad_(tensors[i].requires_grad());
    const auto output = layer->again({tensors.begin(), tensors.begin() + layer->inputs});
    std::vector<torch::Tensor> wanted;
    for (const auto& tensor : tensors) {
      if (tensor.requires_grad()) wanted.push_back(tensor);
    }
    const auto found = torch::autograd::grad({output}, wanted, {gradients[0]}, /*retain_graph=*/std::nullopt,
                                             /*create_graph=*/false, /*allow_unused=*/true);
    torch::autograd::variable_list result(1);  // none for the layer itself
    size_t next = 0;
    for (const auto& tensor : tensors)
      result.push_back(tensor.requires_grad() ? found[next++] : torch::Tensor());
    return result;
  }
};

}  // namespace

torch::Tensor recomputed(const LayerFunction& layer, const std::vector<torch::Tensor>& inputs,
                         const std::vector<torch::Tensor>& parameters) {
  if (!at::GradMode::is_enabled()) return layer(inputs);
  std::vector<torch::Tensor> all = inputs;
  all.insert(all.end(), parameters.begin(), parameters.end());
  const auto held = c10::make_intrusive<Layer>(layer, inputs.size(), inputs.at(0).device());
  return Recomputed::apply(held, torch::TensorList(all));
}

}  // namespace dragoman
