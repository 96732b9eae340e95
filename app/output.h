// The output for results: standard output or a file. Every write is checked, so exit code 0 means that the
// output is complete. A regular file is replaced as a whole by close(); before that, and when the command
// fails, the old one stays (core/replacement_file.h). Pipes, devices and /dev/stdout are written directly.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/choice.h"
#include "core/replacement_file.h"

namespace dragoman {

// How results are written.
enum class OutputFormat { kText, kJson };
constexpr auto names_of(OutputFormat) {
  return choice_names("text", "json");
}

// The reader of our output has closed the pipe (`| head`). This is not an error; the program ends.
struct BrokenPipe {};

class Output {
 public:
  // "-" is standard output. DataError naming path and errno, before anything is computed. A named pipe waits
  // for its reader: Interrupted.
  explicit Output(const std::string& path);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void write(std::string_view text);  // kept until flush() or 64 KiB
  void line(std::string_view text) { write(text), write("\n"); }
  // DataError naming path and errno; BrokenPipe for a closed pipe; Interrupted while a pipe's reader waits.
  void flush();
  void close();  // flush, and report the errors that only closing shows

  // Keeps what is written so far as PATH.partial, for a command that is stopped; as PATH.partial-2 and so on
  // where there is such a file. Returns the name; "" where nothing is written yet or where it went out
  // directly.
  std::string keep_partial();

  bool on_terminal() const;

 private:
  void open();

  std::string path_;
  int descriptor_;
  std::string buffer_;
  std::optional<ReplacementFile> replacement_;  // of a regular file
  bool is_written_ = false;
};

// The open file of this process that a path such as /dev/stdout, /dev/fd/3 or /proc/self/fd/1 means; -1
// for any other path. Opening such a path again would lose the position in the file, or empty it.
int descriptor_named_by(const std::string& path);

}  // namespace dragoman
