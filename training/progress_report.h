// Reports the progress of a run in its log and to the user, and warns of a learning rate that does not fit
// its length.
#pragma once

#include "training/epoch_size.h"
#include "training/progress.h"
#include "training/training.h"

namespace dragoman {

class ProgressReport {
 public:
  explicit ProgressReport(Training& training) : training_(training) {}

  void begin();  // a call of the run
  void begin_batches(const EncodedCorpus& corpus);
  void add(const UpdateResult& result) { window_.add(result); }
  void add_pause(double seconds) { window_.add_pause(seconds); }

  // Which line is due after an update. Its results are needed only for a line.
  ProgressLine due() const;
  void report(ProgressLine line);
  void report_rest();  // the updates since the last line of the log, if any

  // Checks once, after the first updates have shown how long they take, whether the schedule fits --max-time.
  void check_time();

 private:
  RunEnd expected_end_of_run(double seconds_per_update) const;
  void check_schedule(double seconds_per_update) const;
  TrainProgress progress() const;

  Training& training_;
  ProgressWindow window_;
  ProgressTimes times_;
  EpochSize epoch_;
  bool time_is_checked_ = false;
};

}  // namespace dragoman
