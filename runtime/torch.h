// The part of LibTorch that Dragoman uses. It is the precompiled header of every file that works on tensors:
// <torch/torch.h> brings data loaders, optimisers, TorchScript and more, and takes twice as long to parse and
// to load.
#pragma once

#include <ATen/Parallel.h>
#include <torch/cuda.h>
#include <torch/nn/init.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <torch/types.h>
#include <torch/utils.h>
