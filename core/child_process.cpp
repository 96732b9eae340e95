#include "core/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <new>
#include <stdexcept>

#include "core/error.h"
#include "core/files.h"
#include "core/interrupt.h"

namespace dragoman {
namespace {

constexpr int kPatience = 100;  // milliseconds between two looks at whether to stop
constexpr int kDone = 0, kFailed = 3, kNoMemory = 4, kCannotTell = 5;  // exit codes of the process

// Writes the result, or the text of an exception, and returns the exit code that says which.
int answer(const std::function<std::string()>& work, int output) {
  std::string text;
  int code = kDone;
  try {
    text = work();
  } catch (const std::bad_alloc&) {
    return kNoMemory;
  } catch (const std::exception& error) {
    text = error.what(), code = kFailed;
  }
  return write_all(output, text.data(), text.size()) ? code : kCannotTell;
}

[[noreturn]] void be_the_child(const std::function<std::string()>& work, int output, pid_t parent) {
  // It must not outlive a program that is killed.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kCannotTell);
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) std::signal(signal, SIG_DFL);
  ::_exit(answer(work, output));  // no destructors: what they would close belongs to the parent
}

class Child {
 public:
  explicit Child(const std::string& name, const std::function<std::string()>& work) : name_(name) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) cannot(ErrorKind::kData, "make a pipe for", name_, errno);
    const pid_t parent = ::getpid();
    process_ = ::fork();
    if (process_ == 0) be_the_child(work, ends[1], parent);
    const int error_number = errno;
    ::close(ends[1]);
    input_ = ends[0];
    if (process_ < 0) {
      ::close(input_);
      cannot(ErrorKind::kData, "start a process for", name_, error_number);
    }
  }
  ~Child() {
    ::close(input_);
    if (process_ < 0) return;
    ::kill(process_, SIGKILL);
    wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  std::string result() {
    std::string text;
    char buffer[1 << 16];
    for (;;) {
      throw_if_interrupted();
      pollfd waiting{input_, POLLIN, 0};
      if (::poll(&waiting, 1, kPatience) <= 0) continue;
      const ssize_t count = ::read(input_, buffer, sizeof buffer);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return checked(std::move(text), wait());
      text.append(buffer, static_cast<size_t>(count));
    }
  }

 private:
  int wait() {
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
    return status;
  }

  std::string checked(std::string text, int status) const {
    if (WIFEXITED(status) && WEXITSTATUS(status) == kDone) return text;
    if (WIFEXITED(status) && WEXITSTATUS(status) == kFailed) throw std::runtime_error(text);
    if (WIFEXITED(status) && WEXITSTATUS(status) == kNoMemory) throw std::bad_alloc();
    throw std::runtime_error("[" + name_ + "] expected its process to end with a result, got " +
                             (WIFSIGNALED(status)
                                  ? "signal " + std::to_string(WTERMSIG(status)) +
                                        (WTERMSIG(status) == SIGKILL ? " (is there enough memory?)" : "")
                                  : "exit code " + std::to_string(WEXITSTATUS(status))));
  }

  std::string name_;
  pid_t process_ = -1;
  int input_ = -1;
};

}  // namespace

std::string run_in_child(const std::string& name, const std::function<std::string()>& work) {
  return Child(name, work).result();
}

}  // namespace dragoman
