// Memory that is taken piece by piece and given back all at once: a search takes what its caches need as it
// goes, and the next search takes the same memory again. The steady state allocates nothing.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

namespace dragoman {

class Arena {
 public:
  // Memory comes from the system in blocks of `block` bytes at least. Large blocks are asked for as huge
  // pages: weights are read from end to end again and again, and each small page on the way costs a look-up.
  explicit Arena(size_t block = size_t{1} << 20) : block_(block) {}

  // `count` numbers, uninitialised, at a multiple of 64 bytes; valid until clear().
  template <typename T>
  T* take(int64_t count) {
    return static_cast<T*>(take_bytes(static_cast<size_t>(count) * sizeof(T)));
  }
  // Bytes taken from the system.
  size_t size() const {
    size_t sum = 0;
    for (const auto& one : blocks_) sum += one.size;
    return sum;
  }
  // Several blocks become one, as large as all of them: so that pieces of other sizes find room in it.
  void clear() {
    if (blocks_.size() > 1) {
      block_ = 0;
      for (const auto& one : blocks_) block_ += one.size;
      blocks_.clear();
    }
    current_ = 0, used_ = 0;
  }

 private:
  struct Free {
    void operator()(std::byte* memory) const { ::operator delete (memory, std::align_val_t{kHugePage}); }
  };
  struct Block {
    std::unique_ptr<std::byte, Free> memory;
    size_t size;
  };
  static constexpr size_t kHugePage = size_t{2} << 20;

  void* take_bytes(size_t bytes) {
    bytes = (bytes + 63) / 64 * 64;
    while (current_ < blocks_.size() && used_ + bytes > blocks_[current_].size) ++current_, used_ = 0;
    if (current_ == blocks_.size()) {
      const size_t size = bytes > block_ ? bytes : block_;
      auto* memory = static_cast<std::byte*>(::operator new (size, std::align_val_t{kHugePage}));
#if defined(MADV_HUGEPAGE)
      if (size >= kHugePage) ::madvise(memory, size / kHugePage * kHugePage, MADV_HUGEPAGE);
#endif
      blocks_.push_back({std::unique_ptr<std::byte, Free>(memory), size});
    }
    void* taken = blocks_[current_].memory.get() + used_;
    used_ += bytes;
    return taken;
  }

  std::vector<Block> blocks_;
  size_t block_, current_ = 0, used_ = 0;
};

}  // namespace dragoman
