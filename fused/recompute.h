// Activation checkpointing (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"): forward keeps
// a layer's inputs alone, and the derivative computes the layer again. Memory of one layer instead of all,
// for a third more time. Dropout draws the same numbers both times.
#pragma once

#include <functional>
#include <vector>

#include "runtime/torch.h"

namespace dragoman {

using LayerFunction = std::function<torch::Tensor(const std::vector<torch::Tensor>&)>;

// layer(inputs), computed again in the derivative. `parameters`: all that the layer reads and that is
// trained; the layer must live until then. Without a gradient to compute this is layer(inputs).
torch::Tensor recomputed(const LayerFunction& layer, const std::vector<torch::Tensor>& inputs,
                         const std::vector<torch::Tensor>& parameters);

}  // namespace dragoman
