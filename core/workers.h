// A few threads for one kind of work.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace dragoman {

// Threads that live as long as this object and repeatedly share one task. LibTorch keeps memory
// for every thread that ever ran, so they are made once.
class Workers {
 public:
  explicit Workers(int count);  // the caller is the first of them
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  int count() const { return threads_.size() + 1; }
  // Calls task(0) .. task(count-1) at the same time and waits; the first exception is thrown again.
  void run(const std::function<void(int)>& task);

 private:
  void serve(int index);
  void stop();  // ends the threads that there are

  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable changed_;
  const std::function<void(int)>* task_ = nullptr;
  int64_t round_ = 0;
  int busy_ = 0;
  bool stop_ = false;
  std::exception_ptr failure_;
};

// Calls work(0) .. work(count-1) on `threads` threads; each thread takes the next call when it is done. The
// first exception is rethrown here, when all threads have ended.
void side_by_side(size_t count, int64_t threads, const std::function<void(size_t)>& work);

}  // namespace dragoman
