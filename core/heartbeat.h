// A sign of life from work that otherwise prints nothing for a while: "training the tokenizer  0:35".
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "core/log.h"

namespace dragoman {

// When a sign is due: seconds of silence. On a terminal the line is rewritten in place; in a file each sign
// is a line, so that the silence doubles until `file_most`.
struct HeartbeatTimes {
  double terminal = 1;
  double file_first = 5, file_most = 60;
};

// Watches from its own thread until it is destroyed. Any output of the log counts as a sign.
class Heartbeat {
 public:
  Heartbeat(Log& log, std::string what, HeartbeatTimes times = {});
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  // Sets the name of the current work. `restart` restarts the time that is shown.
  void set(std::string what, bool restart = false);

 private:
  void watch();

  Log& log_;
  HeartbeatTimes times_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false, spoke_ = false;
  std::string what_;
  std::chrono::steady_clock::time_point since_;
  std::thread thread_;
};

}  // namespace dragoman
