#include "core/replacement_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "core/files.h"

namespace dragoman {
namespace {

namespace fs = std::filesystem;

constexpr char kTemporarySuffix[] = ".tmp";

[[noreturn]] void write_failed(const std::string& path, const std::string& action = "write") {
  cannot(ErrorKind::kData, action, path, errno);
}

bool is_regular(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

// ".NAME." begins the name of each temporary file of NAME, which must fit into 255 bytes.
std::string temporary_prefix(const std::string& target) {
  return "." + fs::path(target).filename().string().substr(0, 200) + ".";
}

// Of processes that were killed: whoever writes one holds its lock.
void remove_abandoned(const std::string& folder, const std::string& prefix) {
  const std::string suffix = kTemporarySuffix;
  for (const auto& name : list_folder(folder)) {
    const size_t fixed_part = prefix.size() + suffix.size();
    if (name.size() <= fixed_part || name.compare(0, prefix.size(), prefix) != 0 ||
        name.compare(name.size() - suffix.size(), suffix.size(), suffix) != 0 ||
        name.find_first_not_of("0123456789-", prefix.size()) != name.size() - suffix.size())
      continue;
    const std::string path = join_path(folder, name);
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) continue;
    if (is_regular(descriptor) && ::flock(descriptor, LOCK_EX | LOCK_NB) == 0) ::unlink(path.c_str());
    ::close(descriptor);
  }
}

}  // namespace

std::string folder_of(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

bool copy_mode(const std::string& from, const std::string& to) {
  struct stat old {};
  if (::stat(from.c_str(), &old) != 0) return true;
  [[maybe_unused]] const int unprivileged = ::chown(to.c_str(), old.st_uid, old.st_gid);
  return ::chmod(to.c_str(), old.st_mode & 07777) == 0;
}

std::string link_target(const std::string& path) {
  constexpr int kMostLinks = 40;  // as the system: it refuses to open what has more
  fs::path target = path;
  for (int links = 0; links < kMostLinks; ++links) {
    std::error_code error;
    const fs::path next = fs::read_symlink(target, error);
    if (error) break;
    target = next.is_absolute() ? next : target.parent_path() / next;
  }
  return target.string();
}

std::optional<FileIdentity> file_identity(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileIdentity{status.st_dev, status.st_ino};
}

ReplacementFile::ReplacementFile(const std::string& path) : path_(path), target_(link_target(path)) {
  // Links that lead to themselves lead nowhere.
  if (struct stat status{}; ::stat(path_.c_str(), &status) != 0 && errno == ELOOP)
    cannot(ErrorKind::kData, "write", path_, ELOOP);
  if (is_folder(target_)) cannot(ErrorKind::kData, "write", path_, EISDIR);
  // A file that may not be written is not replaced either, though its folder would allow that.
  if (file_exists(target_) && ::access(target_.c_str(), W_OK) != 0)
    cannot(ErrorKind::kData, "write", path_, errno);
  create();
}

void ReplacementFile::create() {
  const std::string folder = folder_of(target_), prefix = temporary_prefix(target_);
  remove_abandoned(folder, prefix);
  const std::string process = prefix + std::to_string(::getpid());
  for (int attempt = 0;; ++attempt) {
    temporary_ = join_path(folder, process + "-" + std::to_string(attempt) + kTemporarySuffix);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && (errno != EEXIST || attempt == 99)) write_failed(path_);
    if (descriptor_ < 0) continue;
    ::flock(descriptor_, LOCK_EX);
    // Another process may have removed it before it was locked.
    struct stat status {};
    ::fstat(descriptor_, &status);
    if (file_identity(temporary_) == FileIdentity{status.st_dev, status.st_ino}) return;
    ::close(descriptor_);
    descriptor_ = -1;
  }
}

ReplacementFile::~ReplacementFile() {
  if (descriptor_ < 0) return;
  ::unlink(temporary_.c_str());
  ::close(descriptor_);
}

void ReplacementFile::commit() {
  const auto attempt = [&](int result) {
    if (result != 0) write_failed(path_);
  };
  if (!copy_mode(target_, temporary_)) write_failed(path_, "set the mode of");
  // Some file systems cannot sync: what they say at close() is then all there is.
  if (::fsync(descriptor_) != 0 && errno != EINVAL && errno != EROFS) write_failed(path_);
  attempt(::rename(temporary_.c_str(), target_.c_str()));
  const int descriptor = descriptor_;
  descriptor_ = -1;
  attempt(::close(descriptor));
  try {
    sync_folder(folder_of(target_));
  } catch (const Error&) {
    // A folder that may be written but not read: the file has its place all the same.
  }
}

std::string ReplacementFile::keep(const std::string& suffix) {
  std::string name = target_ + suffix;
  if (::rename(temporary_.c_str(), name.c_str()) != 0) name = temporary_;
  ::close(descriptor_);
  descriptor_ = -1;
  return name;
}

}  // namespace dragoman
