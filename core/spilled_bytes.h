// Bytes that are written once, from front to back, and may exceed the memory of the machine.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

namespace dragoman {

// In memory at first. After spill() in an unnamed temporary file (removed when the process ends, however it
// ends), mapped for reading: the operating system keeps in memory what is in use, and evicts the rest when it
// needs memory.
class SpilledBytes {
 public:
  SpilledBytes() = default;
  ~SpilledBytes();
  SpilledBytes(SpilledBytes&& other) noexcept;
  SpilledBytes& operator=(SpilledBytes&& other) noexcept;

  // DataError naming folder, bytes and errno when the file cannot take them.
  void append(const void* data, size_t bytes);
  // Moves all bytes into a file of this folder, which also receives later bytes. Once only.
  void spill(const std::string& folder);
  // After the last append: what was spilled can be read from now on.
  void seal();
  // After seal(): what was read of the file leaves the process's memory. It may be read again.
  void release() const;

  const char* data() const { return data_; }
  uint64_t size() const { return size_; }

 private:
  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };

  void reserve(size_t bytes);
  void write_memory();

  // All, or what is still to be written. From realloc, which moves large memory without a second copy of it.
  std::unique_ptr<char, Free> memory_;
  size_t used_ = 0, capacity_ = 0;  // bytes of it
  std::string folder_;
  int file_ = -1;
  bool mapped_ = false;
  char* data_ = nullptr;
  uint64_t size_ = 0;
};

// The same for numbers.
template <typename T>
class SpilledArray {
 public:
  void append(const T* values, size_t count) { bytes_.append(values, count * sizeof(T)); }
  void append(T value) { append(&value, 1); }
  void spill(const std::string& folder) { bytes_.spill(folder); }
  void seal() { bytes_.seal(); }
  void release() const { bytes_.release(); }

  // Aligned for T: the first byte of a vector, and of a mapping, is aligned for any number.
  const T* data() const { return reinterpret_cast<const T*>(bytes_.data()); }
  T operator[](int64_t i) const { return data()[i]; }
  int64_t size() const { return bytes_.size() / sizeof(T); }
  uint64_t bytes() const { return bytes_.size(); }

 private:
  SpilledBytes bytes_;
};

}  // namespace dragoman
