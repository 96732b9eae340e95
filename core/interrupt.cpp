#include "core/interrupt.h"

#include <atomic>

namespace dragoman {
namespace {

std::atomic<int> requested{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may only touch lock-free atomics");

}  // namespace

void request_interrupt(int signal) {
  int none = 0;
  requested.compare_exchange_strong(none, signal);
}

int interrupt_signal() {
  return requested.load(std::memory_order_relaxed);
}

void throw_if_interrupted() {
  if (const int signal = interrupt_signal(); signal != 0) throw Interrupted(signal);
}

void clear_interrupt() {
  requested.store(0);
}

}  // namespace dragoman
