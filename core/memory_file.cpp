#include "core/memory_file.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

#include "core/error.h"
#include "core/files.h"

namespace dragoman {

namespace {

// `ulimit -f` holds for files in memory too.
[[noreturn]] void refuse_file_size_limit(size_t bytes) {
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  throw DataError("ulimit -f", "expected a limit of file sizes of at least " + std::to_string(bytes) +
                                   " bytes, which a file in memory takes, got " +
                                   std::to_string(limit.rlim_cur));
}

}  // namespace

MemoryFile::MemoryFile(std::string_view content) : descriptor_(::memfd_create("dragoman", MFD_CLOEXEC)) {
  if (descriptor_ >= 0 && write_all(descriptor_, content.data(), content.size())) return;
  const int reason = errno;
  if (descriptor_ >= 0) ::close(descriptor_);
  if (reason == EFBIG) refuse_file_size_limit(content.size());
  throw DataError("memory", "expected room for a file of " + std::to_string(content.size()) +
                                " bytes: " + errno_text(reason));
}

MemoryFile::~MemoryFile() {
  ::close(descriptor_);
}

std::string MemoryFile::path() const {
  return "/proc/self/fd/" + std::to_string(descriptor_);
}

}  // namespace dragoman
