// Activation checkpointing (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"): the forward
// pass keeps only the inputs of a layer, and the backward pass computes the layer again. It takes the memory
// of one layer instead of all, and a third more time. Dropout samples the same numbers both times.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "runtime/torch.h"

namespace dragoman {

using LayerFunction = std::function<torch::Tensor(const std::vector<torch::Tensor>&)>;

// layer(inputs), computed again in the backward pass. `parameters`: all that the layer reads and that is
// trained. Without a gradient to compute this is layer(inputs).
torch::Tensor recomputed(const LayerFunction& layer, const std::vector<torch::Tensor>& inputs,
                         const std::vector<torch::Tensor>& parameters);

// layer(x, others...), of which the backward pass keeps only the inputs where `recompute` says so. Layer: a
// module holder (TORCH_MODULE).
template <typename Layer, typename... Tensors>
torch::Tensor run_layer(bool recompute, Layer layer, const torch::Tensor& x, const Tensors&... others) {
  if (!recompute) return layer(x, others...);
  const auto run = [layer]<size_t... i>(std::index_sequence<i...>) {
    return LayerFunction([layer](const std::vector<torch::Tensor>& t) mutable { return layer(t[i]...); });
  };
  return recomputed(run(std::index_sequence_for<torch::Tensor, Tensors...>()), {x, others...},
                    layer->parameters());
}

}  // namespace dragoman
