// The machine, and which part of it this process may use, according to the operating system.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dragoman {

struct Machine {
  std::string processor;                     // "AMD EPYC 7B13", "" when unknown
  std::vector<std::string> features;         // the relevant ones that it has: "avx2", "fma", ...
  int usable_processors = 1;                 // hardware threads that this process may run on
  std::optional<double> processor_quota;     // of a container: processors' worth of time
  int64_t memory = 0, available_memory = 0;  // bytes; 0 when unknown
  std::optional<int64_t> memory_limit;       // of a container, bytes
};

// `root`: "" for this machine; tests give a folder with proc/ and sys/ in it.
Machine describe_machine(const std::string& root = "");

}  // namespace dragoman
