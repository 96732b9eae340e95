// A zip archive in memory (PKWARE's APPNOTE.TXT 6.3, sections 4.3 to 4.5). PyTorch's files and numpy's .npz
// are zip archives. Entries are stored or deflated. Encrypted and split archives and other methods are
// refused.
//
//   [header  name  content]  [header  name  content]  ...  directory  end record
//   directory: name, sizes, checksum and offset of each entry
//
// The directory must agree with the headers, and entries must not overlap. Sizes are checked before memory is
// allocated. As a guard against decompression bombs, the unpacked content takes at most eight times the
// file's size (64 MiB for a small file). Errors are ModelErrors naming file and entry.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace dragoman {

class ZipFile {
 public:
  struct Entry {
    uint64_t begin = 0, end = 0;  // of the stored content
    uint64_t size = 0;            // unpacked
    uint64_t checksum = 0;        // CRC-32 of the unpacked content
    bool deflated = false;
    bool checked = false;  // the checksum was compared
  };

  // `bytes` must outlive this object.
  ZipFile(std::string_view bytes, std::string path);

  static bool begins_like_one(std::string_view bytes);

  const std::map<std::string, Entry>& entries() const { return entries_; }
  const std::string& path() const { return path_; }

  // The unpacked content, after its checksum was compared. A view of the file or of this object. ModelError
  // when there is no such entry.
  std::string_view content(const std::string& name);

 private:
  void read_directory();
  std::string_view unpacked(const std::string& name, const Entry& entry);

  std::string_view bytes_;
  std::string path_;
  std::map<std::string, Entry> entries_;
  std::map<std::string, std::string> unpacked_;
  uint64_t unpacked_bytes_ = 0;
};

}  // namespace dragoman
