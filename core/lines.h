// Lines of text, read one at a time: the one way in which every command reads text.
//
//   bytes of a file, a pipe or standard input --unpack--> text --split at LF--> lines of valid UTF-8
//
// Only LF ends a line; a CR right before it is removed; U+2028 and U+0085 are text. A byte-order mark at the
// start of the input is dropped. A last line without its newline is a line; an empty file has none.
// gzip, xz, zstd and bzip2 are unpacked (unpacker.h). What is not text is refused by name, with file, line
// and remedy: UTF-16 and UTF-32, NUL bytes, files whose lines end in CR only, archives.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"

namespace dragoman {

// Bytes that are not UTF-8: each ill-formed sequence becomes U+FFFD and the line is counted, or it is an
// error (where replaced text would give a wrong result, as in scores).
enum class InvalidUtf8 { kReplace, kRefuse };

// The file exists and can be read, but it is not text.
struct NotTextError : DataError {
  using DataError::DataError;
};

class LineReader {
 public:
  // "-" is standard input. Nothing is read yet. DataError naming path and errno.
  explicit LineReader(const std::string& path, InvalidUtf8 invalid_utf8 = InvalidUtf8::kReplace);
  ~LineReader();
  LineReader(LineReader&&) noexcept;
  LineReader& operator=(LineReader&&) noexcept;

  // False at the end. Waits for a pipe or a terminal: Interrupted. NotTextError; DataError for a read error
  // or damaged compressed input.
  bool next(std::string& line);

  // True when next() can give a line, or the end, without waiting for more input.
  bool has_line_ready();

  // True when next() is known, without waiting, to return nothing more.
  bool is_at_end() const;

  int64_t line_number() const;  // of the line that next() gave last; the first is 1
  std::string place() const;    // "train.en:17"
  const std::string& path() const;

  bool replaced() const;           // the line that next() gave last had invalid UTF-8
  int64_t replaced_lines() const;  // so far
  // "2 lines had invalid UTF-8, replaced by U+FFFD (first: train.en:17)"; empty when there were none.
  std::string replaced_text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The lines of several inputs, in their order.
class TextReader {
 public:
  // Opens all of them. UsageError naming `flag` when standard input is among them twice; DataError.
  TextReader(const std::string& flag, const std::vector<std::string>& paths,
             InvalidUtf8 invalid_utf8 = InvalidUtf8::kReplace);

  bool next(std::string& line);
  bool has_line_ready();
  const LineReader& current() const { return readers_[at_]; }  // that gave the last line
  // replaced_text() of each input where there is one.
  std::vector<std::string> replaced_texts() const;

 private:
  std::vector<LineReader> readers_;
  size_t at_ = 0;
};

// All lines of a text file. DataError, also for text that is not UTF-8: with replaced characters the score of
// a translation would be wrong.
std::vector<std::string> read_lines(const std::string& path);

}  // namespace dragoman
