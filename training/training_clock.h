// The time of a run: seconds of training over all its calls, without pauses of the process.
#pragma once

#include <cstdint>

#include "core/running_clock.h"

namespace dragoman {

class TrainingClock {
 public:
  // A call begins, after so many seconds and updates of earlier calls.
  void begin(double seconds_before, int64_t first_update) {
    seconds_before_ = seconds_before;
    first_update_ = first_update;
    started_ = clock_.seconds();
  }

  double seconds() const { return clock_.seconds(); }  // since this object was made
  double training() const { return seconds_before_ + clock_.seconds() - started_; }
  double training_in_this_call() const { return training() - seconds_before_; }

  int64_t updates_in_this_call(int64_t update) const { return update - first_update_; }
  // Seconds per update in this call; 0 before its first update.
  double seconds_per_update(int64_t update) const {
    const int64_t done = updates_in_this_call(update);
    return done > 0 ? training_in_this_call() / done : 0;
  }

 private:
  mutable RunningClock clock_;
  double seconds_before_ = 0, started_ = 0;
  int64_t first_update_ = 0;
};

}  // namespace dragoman
