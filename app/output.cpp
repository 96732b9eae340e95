#include "app/output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/error.h"
#include "core/files.h"
#include "core/utf8.h"
#include "core/waiting.h"

namespace dragoman {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBufferBytes = 1 << 16;

[[noreturn]] void output_failed(const std::string& path) {
  cannot(ErrorKind::kData, "write", path == "-" ? "standard output" : path, errno);
}

// A single file that is mounted, as containers do: it cannot be replaced, only written.
bool is_mount_point(const std::string& path) {
  std::error_code error;
  std::string name = fs::canonical(path, error).string();
  if (error) return false;
  name = replace_all(name, "\\", "\\134");
  for (const auto& [character, escape] : {std::pair(" ", "\\040"), {"\t", "\\011"}, {"\n", "\\012"}})
    name = replace_all(name, character, escape);
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line, field; std::getline(mounts, line);) {
    std::istringstream fields(line);  // number, parent, device, root, mount point
    for (int i = 0; i < 5; ++i) fields >> field;
    if (field == name) return true;
  }
  return false;
}

}  // namespace

int descriptor_named_by(const std::string& path) {
  constexpr int kMostLinks = 40;
  const std::string own = "/proc/" + std::to_string(::getpid());
  fs::path at = path;
  for (int links = 0; links < kMostLinks; ++links) {
    std::error_code error;
    const std::string folder = fs::canonical(at.has_parent_path() ? at.parent_path() : ".", error).string();
    const bool of_descriptors = folder == own + "/fd" ||
                                (folder.rfind(own + "/task/", 0) == 0 && fs::path(folder).filename() == "fd");
    const std::string name = at.filename().string();
    int descriptor = -1;
    if (of_descriptors &&
        std::from_chars(name.data(), name.data() + name.size(), descriptor).ec == std::errc())
      return descriptor;
    const fs::path next = fs::read_symlink(at, error);
    if (error) return -1;
    at = next.is_absolute() ? next : at.parent_path() / next;
  }
  return -1;
}

Output::Output(const std::string& path) : path_(path), descriptor_(STDOUT_FILENO) {
  if (path_ != "-") open();
}

void Output::open() {
  struct stat status {};
  if (const int named = descriptor_named_by(path_); named >= 0) {
    // A copy, so that closing it leaves the original open.
    descriptor_ = ::fcntl(named, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  } else if (::stat(path_.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
    descriptor_ = open_to_write(path_);
  } else if (is_mount_point(path_) && S_ISREG(status.st_mode)) {
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  } else {
    replacement_.emplace(path_);
    descriptor_ = replacement_->descriptor();
  }
  if (descriptor_ < 0) output_failed(path_);
}

Output::~Output() {
  if (!replacement_ && descriptor_ > STDERR_FILENO) ::close(descriptor_);
}

void Output::write(std::string_view text) {
  buffer_.append(text);
  if (buffer_.size() >= kBufferBytes) flush();
}

void Output::flush() {
  is_written_ = is_written_ || !buffer_.empty();
  if (!write_all_waiting(descriptor_, buffer_.data(), buffer_.size())) {
    if (errno == EPIPE) throw BrokenPipe();
    output_failed(path_);
  }
  buffer_.clear();
}

void Output::close() {
  flush();
  if (replacement_) return replacement_->commit();
  if (descriptor_ <= STDERR_FILENO) return;
  const int descriptor = descriptor_;
  descriptor_ = STDOUT_FILENO;
  if (::close(descriptor) != 0) output_failed(path_);
}

std::string Output::keep_partial() {
  if (!replacement_) return "";
  // A full disk changes nothing here: what is written is kept.
  is_written_ = is_written_ || !buffer_.empty();
  write_all(descriptor_, buffer_.data(), buffer_.size());
  buffer_.clear();
  return is_written_ ? replacement_->keep(".partial") : "";
}

bool Output::on_terminal() const {
  return isatty(descriptor_) == 1;
}

}  // namespace dragoman
