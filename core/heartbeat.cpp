#include "core/heartbeat.h"

#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <utility>

namespace dragoman {

Heartbeat::Heartbeat(Log& log, std::string what, HeartbeatTimes times)
    : log_(log), times_(times), what_(std::move(what)), since_(std::chrono::steady_clock::now()) {
  thread_ = std::thread([this] { watch(); });
}

Heartbeat::~Heartbeat() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_all();
  thread_.join();
  if (spoke_) log_.clear_progress();
}

void Heartbeat::set(std::string what, bool restart) {
  const std::lock_guard lock(mutex_);
  what_ = std::move(what);
  if (restart) since_ = std::chrono::steady_clock::now();
}

void Heartbeat::watch() {
  // Signals are for the thread that works: one that waits for input must stop waiting.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  double due = log_.on_terminal() ? times_.terminal : times_.file_first;
  std::unique_lock lock(mutex_);
  while (!stop_) {
    const double silent = log_.silent_seconds();
    if (silent >= due) {
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - since_).count();
      log_.progress(what_ + "  " + clock_text(seconds));
      spoke_ = true;
      if (!log_.on_terminal()) due = std::min(2 * due, times_.file_most);
    } else {
      const auto wait = std::chrono::duration<double>(due - silent);
      stopped_.wait_for(lock, std::chrono::ceil<std::chrono::milliseconds>(wait), [this] { return stop_; });
    }
  }
}

}  // namespace dragoman
