// `train --plan`: the memory, time and disk space of a run, estimated from a few updates.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "planning/run_length.h"
#include "planning/training_options.h"
#include "report/train_log.h"

namespace dragoman {

struct TrainingPlan {
  int64_t parameters = 0;
  uint64_t peak_memory = 0;   // bytes, of the whole process
  int64_t first_updates = 0;  // that are not measured: memory is allocated for the first time in them
  int64_t updates = 0;        // that were measured
  double seconds = 0;         // that these took
  int64_t tokens = 0;         // target tokens of these, </s> included
  int64_t corpus_tokens = 0;  // target tokens of an epoch
  std::string device;
  std::vector<std::string> choice;                                    // of `--preset auto`
  uint64_t model_bytes = 0, checkpoint_bytes = 0, weights_bytes = 0;  // on disk
  TrainingOptions options;                                            // of the planned run

  double tokens_per_second() const { return tokens / std::max(1e-9, seconds); }
  double updates_per_pass() const;
  RunEnd end() const;
  uint64_t disk() const;  // bytes, at most

  std::vector<std::string> lines() const;
};

// Counts tokens and time of a run without its first updates: three, or fewer if less than three would
// remain to measure.
class PlanWatcher : public TrainWatcher {
 public:
  // A plan needs so many updates, however long they take: the first, and three that are measured.
  static constexpr int64_t kFewestUpdates = 4;

  explicit PlanWatcher(TrainingPlan& plan) : plan_(plan) {}
  void progressed(const TrainProgress& progress) override;
  void validated(const ValidationResult&) override {}

 private:
  TrainingPlan& plan_;
  struct Mark {
    double seconds = 0;  // of training, when the update was done
    int64_t tokens = 0;
  };
  std::vector<Mark> marks_;
};

}  // namespace dragoman
