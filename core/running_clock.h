// How long this process has run: a clock that stops while the process is stopped (SIGSTOP, Ctrl-Z, a
// paused container), which no signal and no clock of the operating system reports.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

namespace dragoman {

// A thread reads the time ten times per second. A gap of more than a second between two readings is a pause.
class RunningClock {
 public:
  RunningClock();
  ~RunningClock();
  RunningClock(const RunningClock&) = delete;
  RunningClock& operator=(const RunningClock&) = delete;

  // Seconds since the clock was made, without pauses.
  double seconds();

 private:
  void tick();  // with the mutex held
  void watch();

  std::mutex mutex_;
  std::condition_variable changed_;
  double last_look_, running_ = 0;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace dragoman
