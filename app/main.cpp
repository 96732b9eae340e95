// dragoman: picks the command, turns errors into exit codes. The only exit() of the program.
//
//   0 done   1 internal error   2 flags, run.json, device   3 input, output, pairs   4 model folder
//   129, 130, 143, 152 after SIGHUP, SIGINT, SIGTERM, SIGXCPU
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <exception>
#include <iostream>

#include "app/commands.h"
#include "app/complete.h"
#include "app/help.h"
#include "app/output.h"
#include "app/shell.h"
#include "app/signals.h"
#include "core/abandonable.h"
#include "core/error.h"
#include "core/interrupt.h"
#include "core/terminal.h"

namespace dragoman {
namespace {

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
                   "expected a command" +
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

// A stream that is closed (>&-) would be the next file that is opened. What takes its place can do nothing: a
// read or write fails as it would without it, with EBADF.
void reserve_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
    [[maybe_unused]] const int lowest = ::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
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
  const int code = command.run(arguments);
  // A script that Ctrl-C should end must not continue because the signal came when all work was done.
  return code == 0 && interrupt_signal() != 0 ? 128 + interrupt_signal() : code;
}

// LibTorch's allocators have no exception of their own.
bool is_lack_of_memory(const std::string& text) {
  for (const char* words : {"can't allocate memory", "not enough memory", "out of memory"})
    if (text.find(words) != std::string::npos) return true;
  return false;
}

// What LibTorch appends to its message (a stack of frames) is not for users.
std::string first_part(const std::string& text) {
  size_t end = text.size();
  for (const char* begin : {"\nException raised from", "\nframe #", " (no backtrace available)"})
    end = std::min(end, text.find(begin));
  while (end > 0 && text[end - 1] == '\n') --end;
  return text.substr(0, end);
}

constexpr char kLackOfMemory[] =
    "[memory] expected enough memory, got less than this needs; lower --max-tokens, choose a smaller "
    "--preset, "
    "or end other programs";

int guarded_run(const Arguments& arguments) {
  // What is quoted of files and flags must not steer the terminal.
  const auto complain = [](const char* text) {
    std::cerr << "dragoman: error: " << printable(text) << std::endl;
  };
  try {
    return run(arguments);
  } catch (const BrokenPipe&) {
    return 0;
  } catch (const Interrupted& interrupted) {
    return 128 + interrupted.signal;
  } catch (const Error& error) {
    return complain(error.what()), error.exit_code();
  } catch (const std::bad_alloc&) {
    return complain(kLackOfMemory), 1;
  } catch (const std::exception& error) {
    const std::string text = error.what();
    return complain(is_lack_of_memory(text) ? kLackOfMemory : first_part(text).c_str()), 1;
  }
}

}  // namespace
}  // namespace dragoman

int main(int argc, char** argv) {
  dragoman::reserve_standard_streams();
  dragoman::install_signal_handlers();
  const int code = dragoman::guarded_run({argv + 1, argv + argc});
  if (dragoman::work_was_abandoned()) {
    std::cout.flush();
    std::_Exit(code);
  }
  std::exit(code);
}
