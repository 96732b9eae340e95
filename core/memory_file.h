// A file without a place on a disk, for a library that reads files only.
#pragma once

#include <string>
#include <string_view>

namespace dragoman {

// It exists as long as the object. DataError naming errno when the operating system refuses it. Where `ulimit
// -f` is below its size it is a pipe, which can be read once.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view content);
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const;  // of this process only

 private:
  int descriptor_;
};

}  // namespace dragoman
