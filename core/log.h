// What a long run tells a person: plain lines on a stream (standard error in the program, a string in tests).
// Results never go here.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

namespace dragoman {

class Log {
 public:
  // `terminal`: the stream is a terminal, so that a progress line may be rewritten in place.
  explicit Log(std::ostream& stream, bool terminal = false) : stream_(&stream), terminal_(terminal) {}

  void info(const std::string& text) { line(text); }
  void warning(const std::string& text) { ++warnings_, line("warning: " + text); }
  // On a terminal: rewrites the last line in place. Elsewhere: a plain line.
  void progress(const std::string& text);

  bool on_terminal() const { return terminal_; }
  int64_t warnings() const { return warnings_; }

 private:
  void line(const std::string& text);

  std::ostream* stream_;
  bool terminal_;
  size_t progress_width_ = 0;  // columns of the progress line that stands now
  int64_t warnings_ = 0;
};

// Numbers as people read them: 12,345,678 and 1:02:03.
std::string with_commas(int64_t number);
std::string clock_text(double seconds);
std::string fixed(double value, int decimals);

}  // namespace dragoman
