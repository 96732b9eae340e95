// The course of a run over all its calls, as if it had never been interrupted: read from train.log.jsonl
// once, and continued in memory.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/train_log.h"

namespace dragoman {

// A run that resumes from a checkpoint repeats some updates: of two entries for one update, the later counts.
// Numbers that are not finite are NaN, as in a history that was read from the log.
struct RunHistory {
  std::vector<TrainProgress> progress;        // by rising update
  std::vector<ValidationResult> validations;  // by rising update
  std::optional<ValidationResult> averaged;   // of the mean of several weights, with --average
  std::string end;                            // what ended the last call; empty when nothing says so
  double end_seconds = 0;                     // of training, then

  void add(TrainProgress progress);
  void add(ValidationResult result);
  void stop(std::string reason, double seconds);

  const ValidationResult* best() const;  // the model that was kept; null before the first validation
};

// Skips invalid lines: a crash may have truncated one. Empty when there is no log.
RunHistory read_run_history(const std::string& log_path);

}  // namespace dragoman
