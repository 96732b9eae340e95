// A few threads that wait for parts of one loop. A decoding step has about sixty loops of a few microseconds
// each. The threads spin for a moment to wait for the next loop before they sleep.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace dragoman {

class ThreadPool {
 public:
  // threads: including the caller; 1 starts none.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int64_t threads() const { return others_.size() + 1; }

  // Calls part(begin, end) for parts that cover 0 .. count-1, on as many threads as the work justifies.
  // `work`: the approximate number of multiplications in total. Parts must not throw. They begin at multiples
  // of `grain`.
  template <typename Part>
  void run(int64_t count, int64_t work, const Part& part, int64_t grain = 1) {
    const int64_t most = 1 + work / kMinWorkPerThread, units = (count + grain - 1) / grain;
    const int64_t parts =
        most < threads() ? (most < units ? most : units) : (threads() < units ? threads() : units);
    if (parts <= 1) {
      if (count > 0) part(int64_t{0}, count);
      return;
    }
    const auto one = [&](int64_t index) {
      const int64_t begin = units * index / parts * grain, end = units * (index + 1) / parts * grain;
      part(begin, end < count ? end : count);
    };
    run_parts(
        parts,
        [](const void* work_of_all, int64_t index) {
          (*static_cast<const decltype(one)*>(work_of_all))(index);
        },
        &one);
  }

 private:
  using Call = void (*)(const void*, int64_t);
  static constexpr int64_t kMinWorkPerThread = 60000;  // some microseconds

  void run_parts(int64_t parts, Call call, const void* work);
  void wait_for_work(int64_t index);

  std::vector<std::thread> others_;
  Call call_ = nullptr;
  const void* work_ = nullptr;
  int64_t parts_ = 0;
  alignas(64) std::atomic<uint32_t> round_ = 0;      // increases when there is work
  alignas(64) std::atomic<int32_t> unfinished_ = 0;  // threads that have not yet finished the round
  std::atomic<bool> ending_ = false;
};

}  // namespace dragoman
