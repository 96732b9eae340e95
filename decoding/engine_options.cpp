#include "decoding/engine_options.h"

namespace dragoman {

OptionList EngineOptions::describe() {
  return {
      option(precision, "precision", "NAME",
             "data type of matrix products; int8 uses integers with per-channel and per-token scales, on the "
             "CPU"),
      option(workers, "workers", "N",
             "number of batches that are processed in parallel on the CPU, each with --threads threads; "
             "they share one set of weights")
          .at_least(1)
          .at_most(1024),
  };
}

}  // namespace dragoman
