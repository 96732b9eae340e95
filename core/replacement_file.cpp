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
constexpr int kMostKept = 1000;  // files of one name that keep() has made

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

// Moves a file to a name that nothing has. False with errno: EEXIST where something has it.
bool rename_to_free_name(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS) return false;
  // A file system that cannot do both at once.
  struct stat status {};
  if (::lstat(to.c_str(), &status) == 0) return errno = EEXIST, false;
  return ::rename(from.c_str(), to.c_str()) == 0;
}

// Whether a folder such as /tmp lets only the owner of this file, who is another user, put another in its
// place.
bool is_kept_by_its_owner(const std::string& file, const std::string& folder) {
  struct stat own {
  }, around{};
  if (::stat(file.c_str(), &own) != 0 || ::stat(folder.c_str(), &around) != 0) return false;
  const uid_t user = ::geteuid();
  return (around.st_mode & S_ISVTX) != 0 && user != 0 && user != own.st_uid && user != around.st_uid;
}

// The old content would be lost if this file were written in place and that failed.
[[noreturn]] void refuse_folder(const std::string& path, const std::string& folder, int error_number) {
  fail(ErrorKind::kData, "",
       "cannot write " + path + ": no new file can replace it in " + folder + " (" +
           errno_text(error_number) +
           "); choose another folder, or redirect standard output to the file, which empties it first");
}

// Like chmod() and chown(), of an open file.
bool give_mode_and_owner(int descriptor, const struct stat& old) {
  mode_t mode = old.st_mode & 07777;
  if (::fchown(descriptor, old.st_uid, old.st_gid) != 0 && ::fchown(descriptor, -1, old.st_gid) != 0) {
    struct stat own {};
    // Another group gets what everybody has.
    if (::fstat(descriptor, &own) == 0 && own.st_gid != old.st_gid)
      mode &= ~mode_t{S_ISGID | 070} | (mode & 07) << 3;
  }
  return ::fchmod(descriptor, mode) == 0;
}

}  // namespace

std::string folder_of(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

int create_like(const std::string& from, const std::string& path, int flags) {
  struct stat old {};
  const bool is_there = ::stat(from.c_str(), &old) == 0;
  const mode_t at_first = is_there ? old.st_mode & 0700 : 0666;  // owner only, until the owner is right
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, at_first);
  if (descriptor < 0 || !is_there || give_mode_and_owner(descriptor, old)) return descriptor;
  const int error_number = errno;
  ::close(descriptor);
  ::unlink(path.c_str());
  errno = error_number;
  return -1;
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
  if (const std::string folder = folder_of(target_); is_kept_by_its_owner(target_, folder))
    refuse_folder(path_, folder, EPERM);
  create();
}

void ReplacementFile::create() {
  const std::string folder = folder_of(target_), prefix = temporary_prefix(target_);
  remove_abandoned(folder, prefix);
  const std::string process = prefix + std::to_string(::getpid());
  for (int attempt = 0;; ++attempt) {
    temporary_ = join_path(folder, process + "-" + std::to_string(attempt) + kTemporarySuffix);
    descriptor_ = create_like(target_, temporary_, O_EXCL);
    if (descriptor_ < 0 && (errno == EACCES || errno == EPERM) && file_exists(target_))
      refuse_folder(path_, folder, errno);
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
  // It may have changed meanwhile.
  if (struct stat old{}; ::stat(target_.c_str(), &old) == 0 && !give_mode_and_owner(descriptor_, old))
    write_failed(path_, "set the mode of");
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
  for (int number = 2; !rename_to_free_name(temporary_, name); ++number) {
    const bool name_is_taken = errno == EEXIST && number <= kMostKept;
    name = name_is_taken ? target_ + suffix + "-" + std::to_string(number) : temporary_;
    if (!name_is_taken) break;
  }
  ::close(descriptor_);
  descriptor_ = -1;
  return name;
}

}  // namespace dragoman
