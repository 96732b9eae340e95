// Whole files and folders: read, and replaced so that a reader never sees half of one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace dragoman {

// The whole file. Error of `kind` naming the path and errno. `limit` bounds the bytes read.
std::string read_file(const std::string& path, ErrorKind kind, uint64_t limit = uint64_t{1} << 40);

// Writes `path` beside, fsyncs, and renames: after a crash the old or the new content is there, whole.
// DataError naming path, bytes and errno.
void write_file_atomically(const std::string& path, std::string_view content);

// An open file for writing whose errors are exceptions and whose bytes are on the disk after close().
class FileWriter {
 public:
  explicit FileWriter(const std::string& path);
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  void write(const void* data, size_t bytes);
  void write(std::string_view text) { write(text.data(), text.size()); }
  void close();  // flush, fsync, close

 private:
  std::string path_;
  int descriptor_ = -1;
};

// Appends text to a file in one write (a log line). DataError naming the path.
void append_to_file(const std::string& path, std::string_view text);

bool file_exists(const std::string& path);
bool is_folder(const std::string& path);
uint64_t file_size(const std::string& path, ErrorKind kind);
void make_folder(const std::string& path);  // with its parents
void remove_all(const std::string& path);   // no error when it is not there
void rename_path(const std::string& from, const std::string& to);
void sync_folder(const std::string& path);                      // fsync of the directory entry list
std::vector<std::string> list_folder(const std::string& path);  // names, sorted; empty when it is not there
std::string join_path(const std::string& folder, const std::string& name);

}  // namespace dragoman
