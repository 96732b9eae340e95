// What a run has been through, read back from its train.log.jsonl: over all calls, as if it had never been
// interrupted.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/train_log.h"

namespace dragoman {

struct RunHistory {
  std::vector<TrainProgress> progress;        // by rising update
  std::vector<ValidationResult> validations;  // by rising update
  std::optional<ValidationResult> averaged;   // of the mean of several weights, with --average
  std::string end;                            // what ended the last call; empty when nothing says so
  double end_seconds = 0;                     // of training, then

  const ValidationResult* best() const;  // the model that was kept; null before the first validation
};

// A run that resumes from a checkpoint does some updates again: of what the log says twice, the later counts.
// Numbers that were not finite are NaN. Lines that are none (a crash may have cut one) are passed over, and
// so is a log that is not there.
RunHistory read_run_history(const std::string& log_path);

}  // namespace dragoman
