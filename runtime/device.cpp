#include "runtime/device.h"

#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <dlfcn.h>
#include <sched.h>
#include <torch/version.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "core/error.h"

namespace dragoman {
namespace {

// Loading this library registers the CUDA kernels. Returns the loader's complaint, "" when all is well.
std::string load_cuda_library() {
  static const std::string complaint = [] {
    // LibTorch's own folder is in our rpath; RTLD_GLOBAL because its libraries look for each other's symbols.
    if (dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) != nullptr) return std::string();
    const char* message = dlerror();
    return std::string(message != nullptr ? message : "unknown error of the loader");
  }();
  return complaint;
}

std::string why_no_cuda() {
  const std::string complaint = load_cuda_library();
  if (!complaint.empty()) return "LibTorch's CUDA libraries do not load: " + complaint;
  if (!torch::cuda::is_available()) return "no usable CUDA device (driver missing, too old, or no GPU)";
  return "";
}

torch::Device cuda_device(const std::string& name) {
  const std::string reason = why_no_cuda();
  if (!reason.empty()) throw UsageError("--device", "expected a CUDA device, got none: " + reason);
  int64_t index = 0;
  if (name.size() > 5) {
    const std::string digits = name.substr(5);
    if (digits.empty() || digits.size() > 3 || digits.find_first_not_of("0123456789") != std::string::npos) {
      throw UsageError("--device", "expected auto, cpu, cuda or cuda:N, got '" + name + "'");
    }
    index = std::stoll(digits);
  }
  const int64_t count = torch::cuda::device_count();
  if (index >= count)
    throw UsageError("--device", "expected a device below " + std::to_string(count) + ", got " + name);
  // cuDNN's attention makes a plan for each shape that it meets, in a third of a second; an epoch has
  // hundreds.
  at::globalContext().setSDPUseCuDNN(false);
  return torch::Device(torch::kCUDA, index);
}

}  // namespace

torch::Device open_device(const std::string& name) {
  if (name == "cpu") return torch::kCPU;
  if (name == "auto") {
    // Do not load a gigabyte of CUDA code to learn that there is no driver.
    if (!std::ifstream("/proc/driver/nvidia/version").good() || !why_no_cuda().empty()) return torch::kCPU;
    return cuda_device("cuda");
  }
  if (name == "cuda" || name.rfind("cuda:", 0) == 0) return cuda_device(name);
  throw UsageError("--device", "expected auto, cpu, cuda or cuda:N, got '" + name + "'");
}

torch::ScalarType precision_type(Precision precision) {
  if (precision == Precision::kFloat32) return torch::kFloat32;
  if (precision == Precision::kBFloat16) return torch::kBFloat16;
  if (precision == Precision::kFloat16) return torch::kFloat16;
  throw UsageError("--precision",
                   "expected float32, bfloat16 or float16 here, got '" + name_of(precision) + "'");
}

AutocastGuard::AutocastGuard(const torch::Device& device, torch::ScalarType type)
    : device_(device.type()), active_(type != torch::kFloat32) {
  if (!active_) return;
  was_enabled_ = at::autocast::is_autocast_enabled(device_);
  was_type_ = at::autocast::get_autocast_dtype(device_);
  at::autocast::set_autocast_enabled(device_, true);
  at::autocast::set_autocast_dtype(device_, type);
  at::autocast::increment_nesting();
}

AutocastGuard::~AutocastGuard() {
  if (!active_) return;
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, was_enabled_);
  at::autocast::set_autocast_dtype(device_, was_type_);
}

int physical_cores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
  std::set<std::string> cores;  // each core once, however many hardware threads it has
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    std::string siblings = "cpu " + std::to_string(cpu);
    std::ifstream file("/sys/devices/system/cpu/cpu" + std::to_string(cpu) +
                       "/topology/thread_siblings_list");
    std::getline(file, siblings);
    cores.insert(siblings);
  }
  return std::max<int>(1, cores.size());
}

void set_threads(int64_t threads) {
  at::set_num_threads(threads > 0 ? threads : physical_cores());
}

std::string describe_device(const torch::Device& device) {
  return device.is_cpu() ? "CPU (" + at::get_cpu_capability() + ")"
                         : "CUDA device " + std::to_string(device.index());
}

CudaState examine_cuda_devices() {
  CudaState state;
  std::ifstream file("/proc/driver/nvidia/version");
  std::getline(file, state.driver);  // "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54 ..."
  state.why_not = state.driver.empty() ? "no NVIDIA driver is loaded" : why_no_cuda();
  std::error_code none;  // no such folder where there is no driver
  for (const auto& card : std::filesystem::directory_iterator("/proc/driver/nvidia/gpus", none)) {
    std::ifstream information(card.path() / "information");
    for (std::string line; std::getline(information, line);) {
      if (line.rfind("Model:", 0) == 0) state.models.push_back(line.substr(line.find_first_not_of(" \t", 6)));
    }
  }
  if (!state.why_not.empty()) return state;
  state.devices = torch::cuda::device_count();
  return state;
}

std::string libtorch_version() {
  return TORCH_VERSION;
}

}  // namespace dragoman
