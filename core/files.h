// Complete files and folders: read, and replaced atomically, so a reader never sees half of one.
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

// Writes a temporary file in the same folder, fsyncs, and renames it: after a crash `path` has either the
// complete old or the complete new content.
// DataError naming path, bytes and errno.
void write_file_atomically(const std::string& path, std::string_view content);

// Writes all bytes, in as many calls as needed; false with errno.
bool write_all(int descriptor, const void* data, size_t bytes);

// An open file for writing whose errors are exceptions and whose bytes are on the disk after close().
class FileWriter {
 public:
  // A new file has the mode of `like`, where there is such a file.
  explicit FileWriter(const std::string& path, const std::string& like = "");
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

// Holds a folder for one process: FOLDER/.lock, released when the object or the process ends, however it
// ends. UsageError naming `where` when another process holds it.
class FolderLock {
 public:
  FolderLock(const std::string& folder, const std::string& where);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_ = -1;
};

// A new folder in the folder for temporary files. The destructor removes it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string path(const std::string& name) const;
  // Makes a file in it; returns its path.
  std::string write(const std::string& name, std::string_view content) const;

 private:
  std::string path_;
};

// Appends all of the text or nothing. DataError naming the path.
void append_to_file(const std::string& path, std::string_view text);
// The same with a line and its end, always on a new line: it is not joined to what a crash has left.
void append_line(const std::string& path, std::string_view line);

// DataError when no file can be made in this folder, or when the folder does not exist and cannot be made.
// Leaves nothing.
void check_folder_takes_files(const std::string& path);

bool file_exists(const std::string& path);
bool is_folder(const std::string& path);
uint64_t file_size(const std::string& path, ErrorKind kind);
void make_folder(const std::string& path);  // with its parents
void remove_all(const std::string& path);   // no error when it does not exist
void rename_path(const std::string& from, const std::string& to);
void sync_folder(const std::string& path);                      // fsync of the directory entry list
std::vector<std::string> list_folder(const std::string& path);  // names, sorted; empty when it does not exist
std::string join_path(const std::string& folder, const std::string& name);

// For tests: called before every file-system call of this program that changes something. The call then fails
// with the errno that is returned, or continues with 0; what the function throws simulates the end of the
// process.
struct FileCall {
  const char* name;  // create, write, append, fsync, fsync_folder, rename, mkdir, remove
  std::string path;
  std::string to;  // rename
};
void set_file_call_hook(std::function<int(const FileCall&)> hook);

}  // namespace dragoman
