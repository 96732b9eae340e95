// Lines of text, read one at a time from a file, a .gz file or standard input.
//
// A line is ended by LF alone; a CR right before it is cut; U+2028 and U+0085 are text; NUL is text. A
// byte-order mark at the start of the input is dropped. A last line without its newline is a line; an empty
// file has none.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace dragoman {

class LineReader {
 public:
  // "-" reads standard input as it is. A regular file that begins with gzip's two bytes is unpacked.
  // DataError naming the path and errno.
  explicit LineReader(const std::string& path);
  ~LineReader();
  LineReader(LineReader&&) noexcept;
  LineReader& operator=(LineReader&&) noexcept;

  // False at the end. The line is raw bytes: see utf8.h. DataError for a damaged .gz or a read error.
  bool next(std::string& line);

  // True when next() can give a line, or the end, without waiting for more input.
  bool has_line_ready();

  int64_t line_number() const;    // of the line that next() gave last; the first is 1
  bool looks_like_utf16() const;  // the input began with a UTF-16 byte-order mark
  const std::string& path() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dragoman
