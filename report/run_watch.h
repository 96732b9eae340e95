// Shows a run to the user, in addition to its log: report.html, rewritten at each validation and at the end,
// and TensorBoard's event files. A file that cannot be written is a warning and does not end the run.
#pragma once

#include <optional>
#include <string>

#include "report/event_file.h"
#include "report/report.h"
#include "report/train_log.h"

namespace dragoman {

class RunWatch : public TrainWatcher {
 public:
  // `content`: all but the history, which is read from the log in `folder`. Writes a report. With
  // `tensorboard`, starts an event file for the updates after `update`.
  RunWatch(std::string folder, ReportContent content, bool tensorboard, int64_t update, Log& log);
  ~RunWatch() override;  // the run has ended, however it did
  RunWatch(const RunWatch&) = delete;
  RunWatch& operator=(const RunWatch&) = delete;

  void progressed(const TrainProgress& progress) override;
  void validated(const ValidationResult& result) override;
  void stopped(const std::string& reason, double seconds) override;

 private:
  void write_report(bool running);
  void add_scalars(int64_t update, const std::vector<Scalar>& scalars);
  template <typename Action>
  void attempt(Action action);

  std::string folder_;
  ReportContent content_;
  std::optional<EventFile> events_;
  Log& log_;
};

}  // namespace dragoman
