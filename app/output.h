// Where results go: standard output or a file. A short file with exit code 0 cannot happen: every write is
// checked.
#pragma once

#include <string>
#include <string_view>

namespace dragoman {

// The reader of our output has gone (`| head`): no error, there is just nothing left to do.
struct ReaderGone {};

class Output {
 public:
  // "-" is standard output. DataError naming path and errno.
  explicit Output(const std::string& path);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void write(std::string_view text);  // kept until flush() or 64 KiB
  void line(std::string_view text) { write(text), write("\n"); }
  // DataError naming path and errno; ReaderGone for a closed pipe.
  void flush();
  void close();  // flush, and the errors that only closing shows

 private:
  std::string path_;
  int descriptor_;
  std::string buffer_;
};

}  // namespace dragoman
