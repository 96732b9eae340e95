// The device on which a model runs, and its data type.
#pragma once

#include "runtime/torch.h"

#include <string>
#include <vector>

#include "core/shared_options.h"

namespace dragoman {

// "auto" (CUDA when it is there, else the CPU), "cpu", "cuda" or "cuda:N". Loads LibTorch's CUDA libraries
// only when CUDA is requested, so one binary serves both. UsageError naming the reason when the device does
// not exist.
torch::Device open_device(const std::string& name);

// The type of LibTorch; UsageError for int8, which has none.
torch::ScalarType precision_type(Precision precision);

// While it lives, LibTorch computes matrix products in `type` on `device` (autocast); float32 changes
// nothing.
class AutocastGuard {
 public:
  AutocastGuard(const torch::Device& device, torch::ScalarType type);
  ~AutocastGuard();
  AutocastGuard(const AutocastGuard&) = delete;
  AutocastGuard& operator=(const AutocastGuard&) = delete;

 private:
  torch::DeviceType device_;
  bool active_;
  bool was_enabled_ = false;
  torch::ScalarType was_type_ = torch::kFloat32;
};

// Physical cores this process may use.
int physical_cores();
// Threads within one operator; 0: physical_cores().
void set_threads(int64_t threads);

// "CPU" or "CUDA 0 (NVIDIA H100, 80 GB)"-like words, and LibTorch's version.
std::string describe_device(const torch::Device& device);
std::string libtorch_version();

// The state of CUDA on this machine.
struct CudaState {
  std::string driver;               // its version, "" when there is no driver
  std::string why_not;              // why CUDA cannot be used, "" when it can
  int64_t devices = 0;              // that CUDA can use
  std::vector<std::string> models;  // of the cards that the driver knows: "NVIDIA H100 80GB HBM3"
};
CudaState examine_cuda_devices();

}  // namespace dragoman
