// dragoman: picks the command, turns errors into exit codes. The only exit() of the program.
//
//   0 done   1 internal error   2 flags, run.json, device   3 input, output, pairs   4 model folder
//   129, 130, 143, 152 after SIGHUP, SIGINT, SIGTERM, SIGXCPU
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>

#include "app/commands.h"
#include "app/complete.h"
#include "app/help.h"
#include "app/output.h"
#include "app/shell.h"
#include "core/error.h"
#include "core/interrupt.h"

namespace dragoman {
namespace {

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
    requests.stop.store(signal_number);
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

void install_signal_handlers() {
  // No SA_RESTART: a read that waits for input returns, and the program can stop.
  for (const int stop : {SIGINT, SIGTERM, SIGHUP, SIGXCPU}) handle(stop, ask_to_stop, 0);
  for (const int more : {SIGUSR1, SIGUSR2}) handle(more, ask_for_more, static_cast<int>(SA_RESTART));
  std::signal(SIGPIPE, SIG_IGN);  // a write then fails with EPIPE
  std::signal(SIGXFSZ, SIG_IGN);  // a write then fails with EFBIG
}

#ifndef __SANITIZE_ADDRESS__  // which has a report of its own
// What neither we nor an exception can catch: a bug, or an .spm file that SentencePiece cannot bear in spite
// of our checks. It must not look like an end without a word; the signal then does what it always does.
void tell_of_crash(int signal_number) {
  char text[] =
      "\ndragoman: error: [internal] required to go on, got signal 00: a bug, or a damaged model folder that "
      "was not noticed; please report it\n";
  char* digits = std::strstr(text, "00");
  digits[0] = static_cast<char>('0' + signal_number / 10);
  digits[1] = static_cast<char>('0' + signal_number % 10);
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text, sizeof text - 1);
  ::raise(signal_number);  // SA_RESETHAND has put the default action back
}

void install_crash_handlers() {
  static char stack[1 << 16];  // the usual one may be what is used up
  stack_t other{};
  other.ss_sp = stack;
  other.ss_size = sizeof stack;
  sigaltstack(&other, nullptr);
  struct sigaction action {};
  action.sa_handler = tell_of_crash;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_ONSTACK | SA_NODEFER);
  for (const int crash : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) sigaction(crash, &action, nullptr);
}
#else
void install_crash_handlers() {}
#endif

// The command whose one or two words begin the arguments; they are taken off.
const Command& pick_command(Arguments& arguments) {
  std::vector<std::string> names;
  for (const auto& command : commands()) {
    names.push_back(command.name);
    const size_t space = command.name.find(' ');
    if (space == std::string::npos && arguments[0] == command.name) {
      arguments.erase(arguments.begin());
      return command;
    }
    if (space != std::string::npos && arguments.size() > 1 &&
        arguments[0] + " " + arguments[1] == command.name) {
      arguments.erase(arguments.begin(), arguments.begin() + 2);
      return command;
    }
  }
  const std::string given =
      arguments[0] == "tokenizer" && arguments.size() > 1 ? arguments[0] + " " + arguments[1] : arguments[0];
  const std::string near = nearest_name(given, names);
  throw UsageError("command",
                   "required a command" +
                       (near.empty() ? "; see dragoman --help" : " (did you mean '" + near + "'?)") +
                       ", got '" + given + "'");
}

bool asks_for_help(const Arguments& arguments) {
  for (const auto& argument : arguments) {
    if (argument == "--help" || argument == "-h") return true;
  }
  return false;
}

void print(const std::string& text) {
  Output output("-");
  output.write(text);
  output.close();
}

int run(Arguments arguments) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help")
    return print(program_help()), 0;
  if (arguments[0] == "--version") return print("dragoman " DRAGOMAN_VERSION "\n"), 0;
  if (arguments[0] == "--help-markdown") return print(options_markdown()), 0;
  if (arguments[0] == "--man") return print(man_page()), 0;
  if (arguments[0] == "--completion")
    return print(completion_script(arguments.size() > 1 ? arguments[1] : "")), 0;
  if (arguments[0] == "--complete") return print(completions({arguments.begin() + 1, arguments.end()})), 0;
  const Command& command = pick_command(arguments);
  if (asks_for_help(arguments)) return print(command_help(command)), 0;
  return command.run(arguments);
}

int guarded_run(const Arguments& arguments) {
  const auto complain = [](const char* text) { std::cerr << "dragoman: error: " << text << std::endl; };
  try {
    return run(arguments);
  } catch (const ReaderGone&) {
    return 0;
  } catch (const Interrupted& interrupted) {
    return 128 + interrupted.signal;
  } catch (const Error& error) {
    return complain(error.what()), error.exit_code();
  } catch (const std::bad_alloc&) {
    return complain("[memory] required more memory than there is; lower --max-tokens"), 1;
  } catch (const std::exception& error) {
    // LibTorch puts a stack behind what it says.
    const std::string text = error.what();
    return complain(text.substr(0, text.find("\nException raised from")).c_str()), 1;
  }
}

}  // namespace
}  // namespace dragoman

int main(int argc, char** argv) {
  dragoman::install_signal_handlers();
  dragoman::install_crash_handlers();
  const int code = dragoman::guarded_run({argv + 1, argv + argc});
  std::exit(code);
}
