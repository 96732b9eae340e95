// What an engine is made with (decoding/search_engine.h).
#pragma once

#include <cstdint>

#include "core/shared_options.h"

namespace dragoman {

struct EngineOptions {
  Precision precision = Precision::kFloat32;
  int64_t workers = 1;
  int64_t threads = 0;  // of each worker; 0: LibTorch's number of threads, shared among the workers

  OptionList describe();  // precision and workers
};

}  // namespace dragoman
