// How long a run is going to be: which limit ends it first, and which of its settings do not fit that.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "planning/training_options.h"

namespace dragoman {

// How far a run is.
struct RunPosition {
  int64_t update = 0;
  double passes = 0;   // over the corpus
  double seconds = 0;  // of training
};

struct RunEnd {
  double updates = 0;
  double seconds = 0;  // of training, since the run began
  std::string by;      // "--max-updates 100000"
};

// Updates of one epoch, over a corpus of so many batches and target tokens.
double updates_per_pass(const TrainingOptions& options, int64_t batches, int64_t target_tokens);

// The limit that ends the run first, ignoring --early-stopping. seconds_per_update 0: unknown, and --max-time
// is ignored.
RunEnd expected_end(const TrainingOptions& options, double updates_per_pass, double seconds_per_update,
                    const RunPosition& at = {});

// What the user should know about a learning rate that does not fit a run of this length; empty when it fits.
std::vector<std::string> schedule_warnings(const TrainingOptions& options, const RunEnd& end);

}  // namespace dragoman
