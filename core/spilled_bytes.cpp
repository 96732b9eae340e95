#include "core/spilled_bytes.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/error.h"
#include "core/files.h"

namespace dragoman {
namespace {

constexpr size_t kWriteAtOnce = 1 << 20;  // bytes

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
  std::swap(folder_, other.folder_);
  std::swap(file_, other.file_);
  std::swap(mapped_, other.mapped_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void SpilledBytes::append(const void* data, size_t bytes) {
  const char* begin = static_cast<const char*>(data);
  memory_.insert(memory_.end(), begin, begin + bytes);
  size_ += bytes;
  if (file_ < 0) {
    data_ = memory_.data();
  } else if (memory_.size() >= kWriteAtOnce) {
    write_memory();
  }
}

void SpilledBytes::spill(const std::string& folder) {
  folder_ = folder;
  file_ = open_unnamed_file(folder);
  data_ = nullptr;
  write_memory();
  memory_.shrink_to_fit();
}

void SpilledBytes::write_memory() {
  if (!write_all(file_, memory_.data(), memory_.size()))
    spill_failed(folder_, "write " + std::to_string(memory_.size()) + " bytes of a temporary file");
  memory_.clear();
}

void SpilledBytes::seal() {
  if (file_ < 0) return;
  write_memory();
  memory_.shrink_to_fit();
  if (size_ == 0) return;
  void* mapping = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file_, 0);
  if (mapping == MAP_FAILED)
    spill_failed(folder_, "map a temporary file of " + std::to_string(size_) + " bytes");
  data_ = static_cast<char*>(mapping);
  mapped_ = true;
}

}  // namespace dragoman
