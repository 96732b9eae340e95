#include "core/machine.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

namespace dragoman {
namespace {

const char* const kFeatures[] = {"avx",         "avx2",        "fma",         "f16c",
                                 "avx512f",     "avx512bw",    "avx512_vnni", "avx_vnni",
                                 "avx512_bf16", "avx512_fp16", "amx_int8",    "amx_bf16"};

// What follows "name ... :" in a file of such lines.
std::string value_of(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(':');
    if (line.rfind(name, 0) != 0 || colon == std::string::npos) continue;
    const size_t begin = line.find_first_not_of(" \t", colon + 1);
    return begin == std::string::npos ? "" : line.substr(begin);
  }
  return "";
}

// In bytes, of a line "MemTotal:  24651234 kB".
int64_t memory_of(const std::string& path, const std::string& name) {
  std::istringstream text(value_of(path, name + ":"));
  int64_t kilobytes = 0;
  text >> kilobytes;
  return kilobytes * 1024;
}

std::optional<int64_t> integer_in(const std::string& path) {
  std::ifstream file(path);
  int64_t number = 0;
  if (!(file >> number)) return std::nullopt;  // "max", or no such file
  return number;
}

// Control groups, version 2 and then 1.
std::optional<int64_t> memory_limit(const std::string& root, int64_t memory) {
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    const auto limit = integer_in(root + path);
    if (limit && (memory == 0 || *limit < memory)) return limit;
  }
  return std::nullopt;
}

std::optional<double> processor_quota(const std::string& root) {
  std::ifstream both(root + "/sys/fs/cgroup/cpu.max");
  double quota = 0, period = 0;
  if (both >> quota >> period && period > 0) return quota / period;
  const auto old_quota = integer_in(root + "/sys/fs/cgroup/cpu/cpu.cfs_quota_us"),
             old_period = integer_in(root + "/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  if (old_quota && old_period && *old_quota > 0 && *old_period > 0) return 1.0 * *old_quota / *old_period;
  return std::nullopt;
}

}  // namespace

Machine describe_machine(const std::string& root) {
  Machine machine;
  machine.processor = value_of(root + "/proc/cpuinfo", "model name");
  std::istringstream flags(value_of(root + "/proc/cpuinfo", "flags"));
  std::set<std::string> known;
  for (std::string flag; flags >> flag;) known.insert(flag);
  for (const char* feature : kFeatures) {
    if (known.count(feature) > 0) machine.features.emplace_back(feature);
  }
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0)
    machine.usable_processors = std::max(1, CPU_COUNT(&allowed));
  machine.processor_quota = processor_quota(root);
  machine.memory = memory_of(root + "/proc/meminfo", "MemTotal");
  machine.available_memory = memory_of(root + "/proc/meminfo", "MemAvailable");
  machine.memory_limit = memory_limit(root, machine.memory);
  return machine;
}

}  // namespace dragoman
