#include "core/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/error.h"

namespace dragoman {

MappedFile::MappedFile(const std::string& path) : path_(path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) cannot(ErrorKind::kModel, "read", path, errno);
  struct stat status {};
  const bool known = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  size_ = known ? status.st_size : 0;
  void* mapped = size_ > 0 ? ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0) : MAP_FAILED;
  const int error_number = errno;
  ::close(descriptor);
  if (!known || size_ == 0)
    throw ModelError(path, "expected a file of tensors, got " +
                               std::string(known ? "an empty file" : "something that is not a regular file"));
  if (mapped == MAP_FAILED) cannot(ErrorKind::kModel, "map", path, error_number);
  data_ = static_cast<const char*>(mapped);
}

void MappedFile::release(std::string_view part) const {
  const uint64_t page = ::sysconf(_SC_PAGESIZE);
  const uint64_t begin = part.data() - data_, end = begin + part.size();
  const uint64_t first = (begin + page - 1) / page * page, last = end / page * page;
  // Only advice: where it fails the pages stay.
  if (first < last) ::madvise(const_cast<char*>(data_) + first, last - first, MADV_DONTNEED);
}

MappedFile::~MappedFile() {
  ::munmap(const_cast<char*>(data_), size_);
}

}  // namespace dragoman
