// The bytes of a file or of standard input, unpacked where they are compressed: see unpacker.h.
#pragma once

#include <memory>
#include <string>

namespace dragoman {

// How messages name an input: its path, or "standard input" for "-".
std::string input_name(const std::string& path);

class InputBytes {
 public:
  // "-" is standard input. DataError naming the path.
  explicit InputBytes(std::string path);
  ~InputBytes();
  InputBytes(const InputBytes&) = delete;
  InputBytes& operator=(const InputBytes&) = delete;

  // Appends what one read gives, which may be nothing; false at the end. Waits where it must: Interrupted.
  // DataError for input that cannot be read, or that is damaged or truncated. Bytes of a format that cannot
  // be unpacked here are returned unchanged.
  bool read_some(std::string& text);
  // Whether read_some() would return at once.
  bool is_ready() const;

  const std::string& path() const { return path_; }
  // The command that unpacks it, with FILE for its path; "" where it is not packed.
  std::string unpacking_command() const;

 private:
  struct Packed;

  bool fill();
  void recognise();
  bool unpack(std::string& text);

  std::string path_;
  int descriptor_;
  bool regular_ = false;
  bool over_ = false;        // the descriptor has no more
  bool recognised_ = false;  // what the format is
  std::string raw_;          // read and not yet passed on or unpacked
  std::unique_ptr<Packed> packed_;
};

}  // namespace dragoman
