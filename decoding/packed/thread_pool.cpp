#include "decoding/packed/thread_pool.h"

namespace dragoman {
namespace {

// Between two loops of a step lie microseconds; between two batches or two lines of a stream far more.
constexpr int kLooksBeforeSleep = 4000;

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
  unfinished_.store(static_cast<int32_t>(others_.size()), std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  call(work, 0);
  for (int looks = 0; unfinished_.load(std::memory_order_acquire) != 0; ++looks) {
    if (looks < kLooksBeforeSleep)
      pause_briefly();
    else
      std::this_thread::yield();  // another program has the core that we wait for
  }
}

void ThreadPool::wait_for_work(int64_t index) {
  for (uint32_t seen = 0;;) {
    for (int looks = 0; round_.load(std::memory_order_acquire) == seen; ++looks) {
      if (looks < kLooksBeforeSleep)
        pause_briefly();
      else
        round_.wait(seen, std::memory_order_acquire);
    }
    ++seen;  // no round is begun before all have finished the last
    if (ending_) return;
    if (index < parts_) call_(work_, index);
    unfinished_.fetch_sub(1, std::memory_order_release);
  }
}

}  // namespace dragoman
