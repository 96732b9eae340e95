#include "app/signals.h"

#include <time.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <initializer_list>
#include <string_view>

#include "core/interrupt.h"

namespace dragoman {
namespace {

RunRequests requests;

int64_t milliseconds_now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1000000;
}

// The first signal asks the program to stop. A second SIGINT or SIGTERM ends it at once, unless it comes
// within a second: a terminal and a script often send the same one twice. SIGHUP and SIGXCPU are repeated by
// the operating system and change nothing.
void ask_to_stop(int signal_number) {
  static std::atomic<int64_t> first_request{0};
  const int64_t now = milliseconds_now();
  int64_t none = 0;
  if (first_request.compare_exchange_strong(none, now)) {
    request_interrupt(signal_number);
  } else if ((signal_number == SIGINT || signal_number == SIGTERM) && now - none > 1000) {
    ::signal(signal_number, SIG_DFL);
    ::raise(signal_number);
  }
}

void ask_for_more(int signal_number) {
  (signal_number == SIGUSR1 ? requests.save : requests.validate).store(true);
}

// A signal that is ignored already stays so: nohup, and background jobs of a shell without job control.
void handle(int signal_number, void (*handler)(int), int flags) {
  struct sigaction before {};
  if (sigaction(signal_number, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) return;
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigaction(signal_number, &action, nullptr);
}

void install_request_handlers() {
  // No SA_RESTART: a read that waits for input returns, and the program can stop.
  for (const int stop : {SIGINT, SIGTERM, SIGHUP, SIGXCPU}) handle(stop, ask_to_stop, 0);
  for (const int more : {SIGUSR1, SIGUSR2}) handle(more, ask_for_more, SA_RESTART);
  std::signal(SIGPIPE, SIG_IGN);  // a write then fails with EPIPE
  std::signal(SIGXFSZ, SIG_IGN);  // a write then fails with EFBIG
}

#ifndef __SANITIZE_ADDRESS__  // which has a report of its own
std::string_view crash_name(int signal_number) {
  switch (signal_number) {
    case SIGSEGV:
      return " (segmentation fault)";
    case SIGBUS:
      return " (bus error)";
    case SIGILL:
      return " (illegal instruction)";
    case SIGFPE:
      return " (arithmetic error)";
    default:
      return " (abort)";
  }
}

// What neither we nor an exception can catch: a bug, or an .spm file that SentencePiece cannot bear in spite
// of our checks. The program must not end silently; the signal then has its default effect.
void report_crash(int signal_number) {
  const auto write_text = [](std::string_view text) {
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
  };
  const char digits[] = {static_cast<char>('0' + signal_number / 10),
                         static_cast<char>('0' + signal_number % 10)};
  write_text("\ndragoman: error: [internal] cannot continue: signal ");
  write_text({digits + (signal_number < 10 ? 1 : 0), digits + 2});
  write_text(crash_name(signal_number));
  write_text("; this is a bug, or damage in the model folder that no check found. Please report it\n");
  ::raise(signal_number);  // SA_RESETHAND has put the default action back
}

void install_crash_handlers() {
  static char stack[1 << 16];  // the usual one may be what is used up
  stack_t other{};
  other.ss_sp = stack;
  other.ss_size = sizeof stack;
  sigaltstack(&other, nullptr);
  struct sigaction action {};
  action.sa_handler = report_crash;
  action.sa_flags = SA_RESETHAND | SA_ONSTACK | SA_NODEFER;
  for (const int crash : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) sigaction(crash, &action, nullptr);
}
#else
void install_crash_handlers() {}
#endif

}  // namespace

void install_signal_handlers() {
  install_request_handlers();
  install_crash_handlers();
}

RunRequests& run_requests() {
  return requests;
}

}  // namespace dragoman
