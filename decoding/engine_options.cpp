#include "decoding/engine_options.h"

namespace dragoman {

OptionList EngineOptions::describe() {
  return {
      option(precision, "precision", "NAME",
             "numbers of matrix products; int8 has whole numbers, a scale a channel and a token, on the CPU"),
      option(workers, "workers", "N",
             "batches translated side by side on the CPU, each by --threads threads, over one set of weights")
          .at_least(1)
          .at_most(1024),
  };
}

}  // namespace dragoman
