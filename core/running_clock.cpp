#include "core/running_clock.h"

#include <chrono>

namespace dragoman {
namespace {

constexpr std::chrono::milliseconds kBetweenLooks(100);
constexpr double kPause = 1;  // seconds

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

RunningClock::RunningClock() : last_look_(steady_seconds()), thread_([this] { watch(); }) {}

RunningClock::~RunningClock() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void RunningClock::tick() {
  const double now = steady_seconds(), passed = now - last_look_;
  if (passed <= kPause) running_ += passed;
  last_look_ = now;
}

double RunningClock::seconds() {
  const std::lock_guard lock(mutex_);
  tick();
  return running_;
}

void RunningClock::watch() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kBetweenLooks, [this] { return stop_; })) tick();
}

}  // namespace dragoman
