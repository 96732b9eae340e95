#include "app/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "core/error.h"

namespace dragoman {
namespace {

constexpr size_t kBufferBytes = 1 << 16;

[[noreturn]] void output_failed(const std::string& path, const std::string& action) {
  throw DataError(path == "-" ? "standard output" : path,
                  "required to " + action + ", got " + errno_text(errno));
}

}  // namespace

Output::Output(const std::string& path) : path_(path), descriptor_(STDOUT_FILENO) {
  if (path == "-") return;
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor_ < 0) output_failed(path_, "create it");
}

Output::~Output() {
  if (descriptor_ > STDERR_FILENO) ::close(descriptor_);
}

void Output::write(std::string_view text) {
  buffer_.append(text);
  if (buffer_.size() >= kBufferBytes) flush();
}

void Output::flush() {
  const char* next = buffer_.data();
  size_t left = buffer_.size();
  while (left > 0) {
    const ssize_t count = ::write(descriptor_, next, left);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EPIPE) throw ReaderGone();
    if (count < 0) output_failed(path_, "write " + std::to_string(left) + " bytes");
    next += count;
    left -= static_cast<size_t>(count);
  }
  buffer_.clear();
}

void Output::close() {
  flush();
  if (descriptor_ <= STDERR_FILENO) return;
  const int descriptor = descriptor_;
  descriptor_ = STDOUT_FILENO;
  if (::close(descriptor) != 0) output_failed(path_, "close it");
}

}  // namespace dragoman
