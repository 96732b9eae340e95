#include "core/spilled_bytes.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "core/error.h"
#include "core/files.h"

namespace dragoman {
namespace {

constexpr size_t kWriteAtOnce = 1 << 20;  // bytes
constexpr size_t kMinMemory = 64;         // bytes

[[noreturn]] void spill_failed(const std::string& folder, const std::string& action) {
  cannot(ErrorKind::kData, action + " in", folder, errno);
}

int open_unnamed_file(const std::string& folder) {
  int file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0) return file;
  std::string path = join_path(folder, ".spilled-XXXXXX");  // a file system that cannot do that
  file = ::mkstemp(path.data());
  if (file < 0) spill_failed(folder, "make a temporary file");
  ::unlink(path.c_str());
  return file;
}

}  // namespace

SpilledBytes::~SpilledBytes() {
  if (mapped_) ::munmap(data_, size_);
  if (file_ >= 0) ::close(file_);
}

SpilledBytes::SpilledBytes(SpilledBytes&& other) noexcept {
  *this = std::move(other);
}

SpilledBytes& SpilledBytes::operator=(SpilledBytes&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(used_, other.used_);
  std::swap(capacity_, other.capacity_);
  std::swap(folder_, other.folder_);
  std::swap(file_, other.file_);
  std::swap(mapped_, other.mapped_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void SpilledBytes::reserve(size_t bytes) {
  if (bytes <= capacity_) return;
  capacity_ = std::max({bytes, 2 * capacity_, kMinMemory});
  void* larger = std::realloc(memory_.get(), capacity_);
  if (larger == nullptr) throw std::bad_alloc();
  static_cast<void>(memory_.release());  // realloc has freed it
  memory_.reset(static_cast<char*>(larger));
}

void SpilledBytes::append(const void* data, size_t bytes) {
  if (bytes == 0) return;
  reserve(used_ + bytes);
  std::memcpy(memory_.get() + used_, data, bytes);
  used_ += bytes;
  size_ += bytes;
  if (file_ < 0) {
    data_ = memory_.get();
  } else if (used_ >= kWriteAtOnce) {
    write_memory();
  }
}

void SpilledBytes::spill(const std::string& folder) {
  folder_ = folder;
  file_ = open_unnamed_file(folder);
  data_ = nullptr;
  write_memory();
  memory_.reset();
  capacity_ = 0;
}

void SpilledBytes::write_memory() {
  if (!write_all(file_, memory_.get(), used_))
    spill_failed(folder_, "write " + std::to_string(used_) + " bytes of a temporary file");
  used_ = 0;
}

void SpilledBytes::seal() {
  if (file_ < 0) return;
  write_memory();
  memory_.reset();
  capacity_ = 0;
  if (size_ == 0) return;
  void* mapping = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file_, 0);
  if (mapping == MAP_FAILED)
    spill_failed(folder_, "map a temporary file of " + std::to_string(size_) + " bytes");
  data_ = static_cast<char*>(mapping);
  mapped_ = true;
}

void SpilledBytes::release() const {
  if (mapped_) ::madvise(data_, size_, MADV_DONTNEED);  // a hint: the content stays readable
}

}  // namespace dragoman
