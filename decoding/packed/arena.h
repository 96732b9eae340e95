// Memory that is allocated piece by piece and released all at once. A search allocates its caches as it needs
// them, and the next search reuses the memory. In the steady state there is no allocation.
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
  // Memory comes from the operating system in blocks of at least `block` bytes. Large blocks use huge pages:
  // weights are read from end to end again and again, and each small page costs a look-up.
  explicit Arena(size_t block = size_t{1} << 20) : block_(block) {}

  // `count` values, uninitialised, at a multiple of 64 bytes. Valid until clear().
  template <typename T>
  T* take(int64_t count) {
    return static_cast<T*>(take_bytes(count * sizeof(T)));
  }
  // Bytes from the operating system.
  size_t size() const {
    size_t sum = 0;
    for (const auto& one : blocks_) sum += one.size;
    return sum;
  }
  // Replaces several blocks by one of their total size, which then has room for pieces of any size.
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
