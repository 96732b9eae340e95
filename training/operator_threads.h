#pragma once

#include <ATen/Parallel.h>

namespace dragoman {

// LibTorch's operators use this many threads while the object lives.
class OperatorThreads {
 public:
  explicit OperatorThreads(int threads) : before_(at::get_num_threads()) { at::set_num_threads(threads); }
  ~OperatorThreads() { at::set_num_threads(before_); }
  OperatorThreads(const OperatorThreads&) = delete;
  OperatorThreads& operator=(const OperatorThreads&) = delete;

 private:
  int before_;
};

}  // namespace dragoman
