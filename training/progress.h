// Progress of a run between two lines of the log: averages, and when the next line is due. Times are seconds
// of one clock that the caller reads.
#pragma once

#include "report/train_log.h"
#include "training/update.h"

namespace dragoman {

// Sums over the updates since the previous line of the log.
class ProgressWindow {
 public:
  explicit ProgressWindow(double now = 0) : since_(now) {}

  void add(const UpdateResult& result);  // of an update that was not skipped
  void add_pause(double seconds) {
    paused_ += seconds;
  }  // validations and checkpoints: not counted as training
  bool is_empty() const { return updates_ == 0; }

  // Loss and cross-entropy per token, the mean gradient norm, target tokens and their speed; the rest is
  // unset.
  TrainProgress averages(double now) const;

 private:
  double loss_ = 0, cross_entropy_ = 0, gradient_norm_ = 0;
  int64_t tokens_ = 0, updates_ = 0;
  double since_, paused_ = 0;
};

enum class ProgressLine { kNone, kShown, kLogged };

// Decides by time when a line is due: every minute in the log; more often for the user on a terminal, where
// the line is rewritten in place.
class ProgressTimes {
 public:
  explicit ProgressTimes(double now = 0) : logged_at_(now), shown_at_(now) {}

  ProgressLine due(double now, bool on_terminal) const;
  void shown(double now);
  void logged(double now);

 private:
  double logged_at_, shown_at_;
  bool has_shown_ = false;  // a line of any kind
};

}  // namespace dragoman
