// Compressed input: recognised by its first bytes, whatever its name, and unpacked as it arrives.
//
//   gzip   RFC 1952, by zlib           xz     the .xz file format, by liblzma
//   bzip2  by libbz2                   zstd   RFC 8878, by libzstd
//
// Several consecutive members or frames are one text. Input that ends before its last member does,
// or whose checksums are wrong, is an error. zlib is always available; a build without one of the other three
// libraries refuses that format by name.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace dragoman {

// A kind of file that is not plain text.
struct FileFormat {
  const char* name;    // "gzip data", "a zip archive"
  const char* remedy;  // a command that gives its text, with FILE for its path
  enum class Packing { kGzip, kXz, kZstd, kBzip2, kNone } packing;  // kNone: cannot be unpacked here
};

struct Recognition {
  const FileFormat* format = nullptr;  // null: text, judging by the first bytes
  bool needs_more = false;             // the bytes may still become those of a format
};

// What input that begins with these bytes is; `whole`: there are no more bytes.
Recognition recognise_format(std::string_view first_bytes, bool whole);

// Unpacks one stream, step by step.
class Unpacker {
 public:
  static constexpr size_t kStepBytes = size_t{1} << 17;

  // nullptr where this build cannot unpack the format. Errors name `path`.
  static std::unique_ptr<Unpacker> make(const FileFormat& format, const std::string& path);
  virtual ~Unpacker() = default;

  // Removes bytes from `packed` and appends at most kStepBytes to `text`.
  // DataError naming the path when the data is damaged.
  virtual void step(std::string_view& packed, std::string& text) = 0;
  virtual bool may_end() const = 0;  // the input is complete if it ends here

  // DataError for bytes after a complete member that start no other member.
  [[noreturn]] void refuse_rest() const;

 protected:
  Unpacker(const char* name, std::string path) : name_(name), path_(std::move(path)) {}
  [[noreturn]] void damaged(const std::string& reason) const;

 private:
  const char* name_;
  std::string path_;
};

}  // namespace dragoman
