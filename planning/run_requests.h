// What the user may request of a run while it trains, by signals. Checked after every update. A stop is
// requested of the whole process (core/interrupt.h).
#pragma once

#include <atomic>

namespace dragoman {

struct RunRequests {
  std::atomic<bool> save{false};  // make a checkpoint
  std::atomic<bool> validate{false};
};

}  // namespace dragoman
