// What people watch a run by, beside its log: report.html, written anew at each validation and at the end,
// and TensorBoard's event files. Nothing in here ends a run: what cannot be written is a warning.
#pragma once

#include <optional>
#include <string>

#include "report/event_file.h"
#include "report/report.h"
#include "report/train_log.h"

namespace dragoman {

class RunWatch : public TrainWatcher {
 public:
  // `content`: what stays the same during the run; the history is read from the log in `folder`. A report is
  // written at once. With `tensorboard`, an event file of updates from `update` + 1 on begins.
  RunWatch(std::string folder, ReportContent content, bool tensorboard, int64_t update, Log& log);
  ~RunWatch() override;  // the run has ended, however it did
  RunWatch(const RunWatch&) = delete;
  RunWatch& operator=(const RunWatch&) = delete;

  void progressed(const TrainProgress& progress) override;
  void validated(const ValidationResult& result) override;

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
