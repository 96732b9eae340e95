#include "core/input_bytes.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/unpacker.h"
#include "core/waiting.h"

namespace dragoman {
namespace {

constexpr size_t kReadBytes = size_t{1} << 16;

// Names under which an empty file is the rest of a copy that failed.
bool has_packed_name(const std::string& path) {
  for (const std::string suffix : {".gz", ".xz", ".zst", ".bz2"}) {
    if (path.size() > suffix.size() && path.compare(path.size() - suffix.size(), suffix.size(), suffix) == 0)
      return true;
  }
  return false;
}

}  // namespace

std::string input_name(const std::string& path) {
  return path == "-" ? "standard input" : path;
}

struct InputBytes::Packed {
  const FileFormat& format;
  std::unique_ptr<Unpacker> unpacker;
  bool has_more = false;  // to give without new input
};

InputBytes::InputBytes(std::string path) : path_(std::move(path)), descriptor_(STDIN_FILENO) {
  if (path_ != "-") descriptor_ = open_to_read(path_);
  struct stat status {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0)
    cannot(ErrorKind::kData, "read", input_name(path_), errno);
  regular_ = S_ISREG(status.st_mode);
  if (S_ISDIR(status.st_mode)) {
    if (descriptor_ > STDERR_FILENO) ::close(descriptor_);
    cannot(ErrorKind::kData, "read", input_name(path_), EISDIR);
  }
  if (regular_ && status.st_size == 0 && has_packed_name(path_)) {
    if (descriptor_ > STDERR_FILENO) ::close(descriptor_);
    throw DataError(path_, "expected compressed text, got an empty file; copy or download it again");
  }
}

InputBytes::~InputBytes() {
  if (descriptor_ > STDERR_FILENO) ::close(descriptor_);
}

bool InputBytes::is_ready() const {
  return regular_ || over_ || (packed_ && (packed_->has_more || !raw_.empty())) ||
         is_readable_now(descriptor_);
}

bool InputBytes::fill() {
  const size_t had = raw_.size();
  raw_.resize(had + kReadBytes);
  const ssize_t count = regular_ ? ::read(descriptor_, &raw_[had], kReadBytes)
                                 : read_waiting(descriptor_, &raw_[had], kReadBytes);
  const int error_number = errno;
  raw_.resize(had + (count > 0 ? count : 0));
  if (count < 0 && error_number != EINTR) cannot(ErrorKind::kData, "read", input_name(path_), error_number);
  over_ = count == 0;
  return count > 0;
}

void InputBytes::recognise() {
  const Recognition found = recognise_format(raw_, over_);
  if (found.needs_more) return;
  recognised_ = true;
  // What cannot be unpacked passes: the reader of text names it.
  auto unpacker = found.format != nullptr ? Unpacker::make(*found.format, input_name(path_)) : nullptr;
  if (unpacker) packed_.reset(new Packed{*found.format, std::move(unpacker)});
}

std::string InputBytes::unpacking_command() const {
  return packed_ ? packed_->format.remedy : "";
}

bool InputBytes::unpack(std::string& text) {
  const size_t had = text.size();
  std::string_view left = raw_;
  packed_->unpacker->step(left, text);
  packed_->has_more = text.size() - had >= Unpacker::kStepBytes;
  raw_.erase(0, raw_.size() - left.size());
  if (!over_ || text.size() > had || !raw_.empty()) return true;
  if (!packed_->unpacker->may_end()) {
    throw DataError(input_name(path_), std::string("expected complete ") + packed_->format.name +
                                           ", got truncated data; copy or download the file again");
  }
  return false;
}

bool InputBytes::read_some(std::string& text) {
  throw_if_interrupted();
  const bool must_fill = packed_ ? raw_.empty() && !packed_->has_more : raw_.empty() || !recognised_;
  if (must_fill && !over_) fill();
  if (!recognised_) recognise();
  if (!recognised_) return true;
  if (packed_) return unpack(text);
  const bool gave = !raw_.empty();
  text.append(raw_);
  raw_.clear();
  return gave || !over_;
}

}  // namespace dragoman
