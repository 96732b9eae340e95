#include "decoding/packed/thread_pool.h"

namespace dragoman {
namespace {

// Two loops of a step are microseconds apart. Two batches or two lines of a stream come much later.
constexpr int kSpinsBeforeSleep = 4000;

inline void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  for (int64_t index = 1; index < threads; ++index)
    others_.emplace_back([this, index] { wait_for_work(index); });
}

ThreadPool::~ThreadPool() {
  ending_ = true;
  ++round_;
  round_.notify_all();
  for (auto& thread : others_) thread.join();
}

void ThreadPool::run_parts(int64_t parts, Call call, const void* work) {
  call_ = call, work_ = work, parts_ = parts;
  unfinished_.store(others_.size(), std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  call(work, 0);
  for (int spins = 0; unfinished_.load(std::memory_order_acquire) != 0; ++spins) {
    if (spins < kSpinsBeforeSleep)
      pause_briefly();
    else
      std::this_thread::yield();  // another program uses the core that this thread waits for
  }
}

void ThreadPool::wait_for_work(int64_t index) {
  for (uint32_t seen = 0;;) {
    for (int spins = 0; round_.load(std::memory_order_acquire) == seen; ++spins) {
      if (spins < kSpinsBeforeSleep)
        pause_briefly();
      else
        round_.wait(seen, std::memory_order_acquire);
    }
    ++seen;  // a round starts only after all threads have finished the last one
    if (ending_) return;
    if (index < parts_) call_(work_, index);
    unfinished_.fetch_sub(1, std::memory_order_release);
  }
}

}  // namespace dragoman
