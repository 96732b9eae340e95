// What may be asked of a run from outside, by signal handlers: looked at after every update.
#pragma once

#include <atomic>

namespace dragoman {

struct RunRequests {
  std::atomic<int> stop{0};       // a signal's number: end, with everything saved
  std::atomic<bool> save{false};  // make a checkpoint
  std::atomic<bool> validate{false};
};

}  // namespace dragoman
