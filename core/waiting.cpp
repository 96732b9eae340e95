#include "core/waiting.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/interrupt.h"

namespace dragoman {
namespace {

constexpr int kPatience = 200;  // milliseconds from a signal that poll() did not see to its effect

bool is_regular(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

// Returns when the event is there, or what poll() cannot wait for. Throws Interrupted.
void wait_for(int descriptor, short event) {
  pollfd waiting{descriptor, event, 0};
  do {
    throw_if_interrupted();
    waiting.revents = 0;
  } while (::poll(&waiting, 1, kPatience) == 0 || (waiting.revents == 0 && errno == EINTR));
}

}  // namespace

int open_to_read(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  // From here on waiting is poll()'s; a program that shares the pipe should find it as it was.
  if (descriptor >= 0) ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) & ~O_NONBLOCK);
  return descriptor;
}

int open_to_write(const std::string& path) {
  for (;;) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor >= 0) {
      ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) & ~O_NONBLOCK);
      return descriptor;
    }
    struct stat status {};
    const int error_number = errno;
    const bool no_reader_yet =
        error_number == ENXIO && ::stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
    errno = error_number;
    if (!no_reader_yet && error_number != EINTR) return -1;
    throw_if_interrupted();
    ::poll(nullptr, 0, no_reader_yet ? kPatience / 10 : 0);
  }
}

ssize_t read_waiting(int descriptor, void* data, size_t bytes) {
  for (;;) {
    wait_for(descriptor, POLLIN);
    const ssize_t count = ::read(descriptor, data, bytes);
    if (count >= 0 || (errno != EINTR && errno != EAGAIN)) return count;
  }
}

bool is_readable_now(int descriptor) {
  pollfd waiting{descriptor, POLLIN, 0};
  return ::poll(&waiting, 1, 0) > 0;
}

bool write_all_waiting(int descriptor, const char* data, size_t bytes) {
  // A pipe that is ready takes PIPE_BUF bytes without waiting; a regular file never waits.
  const bool regular = is_regular(descriptor);
  while (bytes > 0) {
    if (!regular) wait_for(descriptor, POLLOUT);
    const ssize_t count = ::write(descriptor, data, regular ? bytes : std::min<size_t>(bytes, PIPE_BUF));
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) return false;
    data += count;
    bytes -= count;
  }
  return true;
}

}  // namespace dragoman
