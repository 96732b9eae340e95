#include "core/files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "core/replacement_file.h"
#include "core/waiting.h"

namespace dragoman {
namespace {

namespace fs = std::filesystem;

std::function<int(const FileCall&)> file_call_hook;

// Whether a test wants this call to fail; errno says how.
bool fails_by_hook(const char* name, const std::string& path, const std::string& to = "") {
  const int error_number = file_call_hook ? file_call_hook({name, path, to}) : 0;
  if (error_number != 0) errno = error_number;
  return error_number != 0;
}

[[noreturn]] void write_failed(const std::string& path, const std::string& action) {
  cannot(ErrorKind::kData, action, path, errno);
}

bool is_regular(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

std::string read_file(const std::string& path, ErrorKind kind, uint64_t limit) {
  const int descriptor = open_to_read(path);
  if (descriptor < 0) cannot(kind, "read", path, errno);
  struct Closer {
    int descriptor;
    ~Closer() { ::close(descriptor); }
  } const closer{descriptor};
  const bool regular = is_regular(descriptor);
  std::string content;
  char buffer[1 << 16];
  for (;;) {
    // A regular file never waits, and is read while a stop is saved too.
    const ssize_t count =
        regular ? ::read(descriptor, buffer, sizeof buffer) : read_waiting(descriptor, buffer, sizeof buffer);
    if (count < 0) cannot(kind, "read", path, errno);
    if (count == 0) return content;
    content.append(buffer, count);
    if (content.size() > limit)
      fail(kind, path, "expected at most " + std::to_string(limit) + " bytes, got more");
  }
}

FileWriter::FileWriter(const std::string& path, const std::string& like) : path_(path) {
  if (fails_by_hook("create", path)) write_failed(path_, "create");
  descriptor_ = create_like(like, path, O_TRUNC);
  if (descriptor_ < 0) write_failed(path_, "create");
}

FileWriter::~FileWriter() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool write_all(int descriptor, const void* data, size_t bytes) {
  const char* next = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t count = ::write(descriptor, next, bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    next += count;
    bytes -= count;
  }
  return true;
}

void FileWriter::write(const void* data, size_t bytes) {
  if (fails_by_hook("write", path_) || !write_all(descriptor_, data, bytes)) write_failed(path_, "write");
}

void FileWriter::close() {
  if (fails_by_hook("fsync", path_) || ::fsync(descriptor_) != 0) write_failed(path_, "sync");
  const int descriptor = descriptor_;
  descriptor_ = -1;
  if (::close(descriptor) != 0) write_failed(path_, "close");
}

void write_file_atomically(const std::string& path, std::string_view content) {
  const std::string target = link_target(path), temporary = target + ".tmp";
  try {
    FileWriter writer(temporary, target);
    writer.write(content);
    writer.close();
    rename_path(temporary, target);
  } catch (const Error&) {
    ::unlink(temporary.c_str());
    throw;
  }
  sync_folder(folder_of(target));
}

FolderLock::FolderLock(const std::string& folder, const std::string& where) {
  const std::string path = join_path(folder, ".lock");
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) write_failed(path, "open");
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  const int error_number = errno;
  ::close(descriptor_);
  descriptor_ = -1;
  if (error_number == EWOULDBLOCK)  // else a file system without locks
    throw UsageError(
        where, "expected a folder that no other process trains in, got " + folder + ", which is in use");
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

namespace {
// An empty TMPDIR is one that is not set, as for other programs.
fs::path parent_of_temporary_folders(std::error_code& error) {
  const char* variable = std::getenv("TMPDIR");
  return variable != nullptr && *variable == '\0' ? "/tmp" : fs::temp_directory_path(error);
}
}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::error_code error;
  const fs::path parent = parent_of_temporary_folders(error);
  if (error) {
    const char* variable = std::getenv("TMPDIR");
    throw DataError("TMPDIR", "expected the folder for temporary files in this variable, got " +
                                  std::string(variable ? variable : "/tmp") + ": " +
                                  errno_text(error.value()));
  }
  path_ = parent / "dragoman-XXXXXX";
  if (::mkdtemp(path_.data()) == nullptr)
    cannot(ErrorKind::kData, "make a temporary folder in", parent.string() + " (TMPDIR)", errno);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string TemporaryFolder::path(const std::string& name) const {
  return join_path(path_, name);
}

std::string TemporaryFolder::write(const std::string& name, std::string_view content) const {
  write_file_atomically(path(name), content);
  return path(name);
}

void set_file_call_hook(std::function<int(const FileCall&)> hook) {
  file_call_hook = std::move(hook);
}

namespace {
// Whether the file has a last line without its end.
bool ends_in_a_line(int descriptor, off_t size) {
  char last = '\n';
  return size > 0 && ::pread(descriptor, &last, 1, size - 1) == 1 && last != '\n';
}

void append(const std::string& path, std::string_view text, bool as_line) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor < 0) write_failed(path, "open");
  const off_t before = ::lseek(descriptor, 0, SEEK_END);
  const std::string whole =
      (as_line && ends_in_a_line(descriptor, before) ? "\n" : "") + std::string(text) + (as_line ? "\n" : "");
  const bool written = !fails_by_hook("append", path) && write_all(descriptor, whole.data(), whole.size());
  const int error_number = errno;
  // A part of it would make what is appended later unreadable.
  [[maybe_unused]] const int taken_back = written || before < 0 ? 0 : ::ftruncate(descriptor, before);
  ::close(descriptor);
  errno = error_number;
  if (!written) write_failed(path, "append to");
}
}  // namespace

void append_to_file(const std::string& path, std::string_view text) {
  append(path, text, false);
}

void append_line(const std::string& path, std::string_view line) {
  append(path, line, true);
}

void check_folder_takes_files(const std::string& path) {
  fs::path folder = fs::path(path).lexically_normal();
  if (folder.empty()) folder = ".";
  std::error_code ignored;
  while (!fs::exists(folder, ignored) && folder.has_parent_path() && folder != folder.parent_path())
    folder = folder.parent_path();
  if (!fs::exists(folder, ignored)) folder = ".";
  std::string probe = (folder / ".dragoman-XXXXXX").string();
  if (::mkdtemp(probe.data()) == nullptr) cannot(ErrorKind::kData, "write to", path, errno);
  ::rmdir(probe.c_str());
}

bool file_exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

uint64_t file_size(const std::string& path, ErrorKind kind) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) cannot(kind, "read", path, error.value());
  return size;
}

void make_folder(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return;
  if (fails_by_hook("mkdir", path))
    error = std::error_code(errno, std::generic_category());
  else
    fs::create_directories(path, error);
  if (error) cannot(ErrorKind::kData, "make the folder", path, error.value());
}

namespace {
// Entry by entry, so that a test can end the process in between.
void remove_entry(const fs::path& path, std::error_code& error) {
  if (fs::is_directory(fs::symlink_status(path, error))) {
    for (const auto& name : list_folder(path.string())) {
      remove_entry(path / name, error);
      if (error) return;
    }
  }
  if (fails_by_hook("remove", path.string()))
    error = std::error_code(errno, std::generic_category());
  else
    fs::remove(path, error);
}
}  // namespace

void remove_all(const std::string& path) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(path, error))) return;
  error.clear();
  remove_entry(path, error);
  if (error) cannot(ErrorKind::kData, "remove", path, error.value());
}

void rename_path(const std::string& from, const std::string& to) {
  if (fails_by_hook("rename", from, to) || ::rename(from.c_str(), to.c_str()) != 0)
    write_failed(to, "rename " + from + " to");
}

void sync_folder(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) write_failed(path, "open");
  const int result = fails_by_hook("fsync_folder", path) ? -1 : ::fsync(descriptor);
  const int error_number = errno;
  ::close(descriptor);
  errno = error_number;
  // Some file systems cannot sync a directory (EINVAL): the rename itself is then all there is.
  if (result != 0 && error_number != EINVAL) write_failed(path, "sync");
}

std::vector<std::string> list_folder(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string join_path(const std::string& folder, const std::string& name) {
  return (fs::path(folder) / name).string();
}

}  // namespace dragoman
