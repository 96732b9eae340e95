// A file that is replaced atomically, and the target of a path.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace dragoman {

// The new content of a regular file, which replaces the old one atomically: it is written to a temporary
// file in the same folder and renamed by commit(). Until then, the old file stays unchanged. If the
// object is destroyed without commit(), the temporary file is removed. What a killed process left is removed
// by the next one that writes the same file. Symbolic links are followed, so that a link stays one; mode and,
// where that is allowed, owner are those of the old file from the start. Errors are DataError naming path and
// errno.
class ReplacementFile {
 public:
  explicit ReplacementFile(const std::string& path);
  ~ReplacementFile();
  ReplacementFile(const ReplacementFile&) = delete;
  ReplacementFile& operator=(const ReplacementFile&) = delete;

  int descriptor() const { return descriptor_; }
  void commit();
  // Gives the content so far its own name next to the old file, which stays. Returns the name: that
  // of the file that all links lead to and this suffix, with "-2", "-3" appended where such a file exists, or
  // that of the temporary file where no such name is possible.
  std::string keep(const std::string& suffix);

 private:
  void create();

  std::string path_;    // as it was given
  std::string target_;  // with all links resolved
  std::string temporary_;
  int descriptor_ = -1;
};

// The file that a path leads to through symbolic links; it need not exist.
std::string link_target(const std::string& path);

// The folder that holds this file: "." for a name alone.
std::string folder_of(const std::string& path);

// Opens a new file to write, with the mode of `from`, where there is such a file, and its owner where that is
// allowed. `flags`: O_EXCL or O_TRUNC. -1 with errno.
int create_like(const std::string& from, const std::string& path, int flags);

// The device and the number of the file that a path leads to, which all its names share.
struct FileIdentity {
  uint64_t device = 0, number = 0;
  bool operator==(const FileIdentity&) const = default;
};
std::optional<FileIdentity> file_identity(const std::string& path);  // none when there is no such file

}  // namespace dragoman
