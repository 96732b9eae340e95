// A complete file as bytes in memory, which the operating system reads on first access.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dragoman {

// Valid while this object lives. ModelError naming the path for a file that cannot be read or is empty.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::string& path() const { return path_; }
  std::string_view bytes() const { return {data_, size_}; }
  // The pages that are entirely in `part` of bytes() no longer count as this process's memory. Whoever reads
  // them again gets them from the file again.
  void release(std::string_view part) const;

 private:
  std::string path_;
  const char* data_ = nullptr;
  uint64_t size_ = 0;
};

}  // namespace dragoman
