#include "core/memory_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "core/error.h"
#include "core/files.h"

namespace dragoman {

MemoryFile::MemoryFile(std::string_view content) : descriptor_(::memfd_create("dragoman", MFD_CLOEXEC)) {
  if (descriptor_ >= 0 && write_all(descriptor_, content.data(), content.size())) return;
  const int reason = errno;
  if (descriptor_ >= 0) ::close(descriptor_);
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
