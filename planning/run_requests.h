// What may be asked of a run from outside while it goes on: looked at after every update. That it should stop
// is asked of the whole process (core/interrupt.h).
#pragma once

#include <atomic>

namespace dragoman {

struct RunRequests {
  std::atomic<bool> save{false};  // make a checkpoint
  std::atomic<bool> validate{false};
};

}  // namespace dragoman
