#include "core/memory_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "core/error.h"
#include "core/files.h"

namespace dragoman {

namespace {

// What is in a pipe is no file to `ulimit -f`, and can be read once. -1 where it does not fit.
int pipe_with(std::string_view content) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return -1;
  const int wanted = std::min<size_t>(content.size(), INT_MAX);
  if (::fcntl(ends[1], F_GETPIPE_SZ) < wanted) ::fcntl(ends[1], F_SETPIPE_SZ, wanted);
  const bool written = write_all(ends[1], content.data(), content.size());
  ::close(ends[1]);
  if (written) return ends[0];
  ::close(ends[0]);
  return -1;
}

// `ulimit -f` holds for files in memory too.
[[noreturn]] void refuse_file_size_limit(size_t bytes) {
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  throw DataError("ulimit -f", "expected a file size limit of at least " + std::to_string(bytes) +
                                   " bytes for a file in memory, got " + std::to_string(limit.rlim_cur));
}

}  // namespace

MemoryFile::MemoryFile(std::string_view content) : descriptor_(::memfd_create("dragoman", MFD_CLOEXEC)) {
  if (descriptor_ >= 0 && write_all(descriptor_, content.data(), content.size())) return;
  const int reason = errno;
  if (descriptor_ >= 0) ::close(descriptor_);
  if (reason == EFBIG) {
    if ((descriptor_ = pipe_with(content)) >= 0) return;
    refuse_file_size_limit(content.size());
  }
  fail(ErrorKind::kData, "",
       "cannot make a file of " + std::to_string(content.size()) + " bytes in memory: " + errno_text(reason));
}

MemoryFile::~MemoryFile() {
  ::close(descriptor_);
}

std::string MemoryFile::path() const {
  return "/proc/self/fd/" + std::to_string(descriptor_);
}

}  // namespace dragoman
