// What a long run reports to the user: plain lines on a stream (standard error in the program, a string in
// tests). Results never go here. Several threads may write at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <ostream>
#include <string>
#include <vector>

namespace dragoman {

// A part of a progress line. Where the terminal is too narrow for all, those of the highest rank go first.
struct ProgressField {
  std::string text;
  int rank = 0;
};

class Log {
 public:
  using Width = std::function<size_t()>;

  // `terminal`: the stream is a terminal, so that a progress line may be rewritten in place. `width` gives
  // its present columns; by default those of standard error.
  explicit Log(std::ostream& stream, bool terminal = false, Width width = {});

  // Control characters are shown, not obeyed: see printable().
  void info(const std::string& text);
  void warning(const std::string& text);
  // On a terminal: rewrites the last line in place, at most as wide as the terminal less one column.
  // Elsewhere: a plain line.
  void progress(const std::string& text);
  void progress(std::vector<ProgressField> fields);
  void clear_progress();  // before something else writes to the terminal

  bool on_terminal() const { return terminal_; }
  int64_t warnings() const;
  double silent_seconds() const;  // since the last output

 private:
  void erase_progress();
  void line(const std::string& text);
  void show_progress(const std::string& text);
  size_t columns() const;  // that a progress line may take

  mutable std::mutex mutex_;
  std::ostream* stream_;
  bool terminal_;
  Width width_;
  size_t progress_width_ = 0;  // columns of the progress line on the terminal
  int64_t warnings_ = 0;
  std::chrono::steady_clock::time_point last_output_ = std::chrono::steady_clock::now();
};

// Numbers as people read them: 12,345,678 and 1:02:03.
std::string with_commas(int64_t number);
std::string clock_text(double seconds);
std::string fixed(double value, int decimals);

}  // namespace dragoman
