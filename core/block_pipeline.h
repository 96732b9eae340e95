// Blocks of a stream are worked on by several threads and used in their order.
//
//   add --> waiting --work, on any thread--> done --use, on the caller's thread, in order-->
//
// The caller makes the blocks and works on one itself when too many are waiting, which bounds the memory. The
// order of uses, and with it their result, does not depend on the number of threads.
#pragma once

#include <pthread.h>

#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace dragoman {

template <typename Block>
class BlockPipeline {
 public:
  // work(block, worker): worker is 0 .. threads-1; no two threads have the same. The caller is 0.
  using Work = std::function<void(Block&, int64_t worker)>;
  using Use = std::function<void(Block&)>;

  BlockPipeline(int64_t threads, Work work, Use use) : work_(std::move(work)), use_(std::move(use)) {
    try {
      for (int64_t i = 1; i < threads; ++i) helpers_.emplace_back([this, i] { help(i); });
    } catch (const std::system_error&) {  // the operating system gives no more threads
    }
  }

  ~BlockPipeline() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    for (auto& helper : helpers_) helper.join();
  }

  BlockPipeline(const BlockPipeline&) = delete;
  BlockPipeline& operator=(const BlockPipeline&) = delete;

  // Throws what the work on this or an earlier block threw, or its use. The pipeline is then at its end.
  void add(Block block) {
    {
      const std::lock_guard lock(mutex_);
      slots_.push_back(std::make_unique<Slot>(std::move(block)));
    }
    changed_.notify_one();
    use_until(helpers_.empty() ? 0 : 2 * (helpers_.size() + 1));
  }

  // Returns when all blocks are used.
  void finish() { use_until(0); }

 private:
  enum class State { kWaiting, kAtWork, kDone };
  struct Slot {
    explicit Slot(Block made) : block(std::move(made)) {}
    Block block;
    State state = State::kWaiting;
    std::exception_ptr failure;
  };

  // The first block that waits for a thread, or null. Needs the lock.
  Slot* next_waiting() {
    for (const auto& slot : slots_) {
      if (slot->state == State::kWaiting) return slot.get();
    }
    return nullptr;
  }

  void work_on(Slot& slot, int64_t worker, std::unique_lock<std::mutex>& lock) {
    slot.state = State::kAtWork;
    lock.unlock();
    try {
      work_(slot.block, worker);
    } catch (...) {
      slot.failure = std::current_exception();
    }
    lock.lock();
    slot.state = State::kDone;
    changed_.notify_all();
  }

  void help(int64_t worker) {
    // Signals are for the caller, who may wait for input.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    std::unique_lock lock(mutex_);
    for (;;) {
      Slot* slot = nullptr;
      changed_.wait(lock, [&] { return stop_ || (slot = next_waiting()) != nullptr; });
      if (stop_) return;
      work_on(*slot, worker, lock);
    }
  }

  // Uses the blocks that are done, until at most `left` blocks are left.
  void use_until(size_t left) {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (!slots_.empty() && slots_.front()->state == State::kDone) {
        const std::unique_ptr<Slot> slot = std::move(slots_.front());
        slots_.pop_front();
        lock.unlock();
        if (slot->failure) std::rethrow_exception(slot->failure);
        use_(slot->block);
        lock.lock();
      } else if (slots_.size() <= left) {
        return;
      } else if (Slot* slot = next_waiting()) {
        work_on(*slot, 0, lock);
      } else {
        changed_.wait(lock, [&] { return slots_.front()->state == State::kDone; });
      }
    }
  }

  Work work_;
  Use use_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Slot>> slots_;  // in the order of add()
  bool stop_ = false;
  std::vector<std::thread> helpers_;
};

}  // namespace dragoman
