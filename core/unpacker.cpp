#include "core/unpacker.h"

#include <zlib.h>

#include <algorithm>
#include <iterator>
#ifdef DRAGOMAN_HAS_BZIP2
#include <bzlib.h>
#endif
#ifdef DRAGOMAN_HAS_LZMA
#include <lzma.h>
#endif
#ifdef DRAGOMAN_HAS_ZSTD
#include <zstd.h>
#endif

#include "core/error.h"

namespace dragoman {
namespace {

using namespace std::string_view_literals;
using Packing = FileFormat::Packing;

constexpr FileFormat kGzip = {"gzip data", "gzip -dc FILE", Packing::kGzip};
constexpr FileFormat kXz = {"xz data", "xz -dc FILE", Packing::kXz};
constexpr FileFormat kZstd = {"zstd data", "zstd -dc FILE", Packing::kZstd};
constexpr FileFormat kBzip2 = {"bzip2 data", "bzip2 -dc FILE", Packing::kBzip2};
constexpr FileFormat kLz4 = {"lz4 data", "lz4 -dc FILE", Packing::kNone};
constexpr FileFormat kLzma = {"lzma data", "xz -dc --format=lzma FILE", Packing::kNone};
constexpr FileFormat kLzip = {"lzip data", "lzip -dc FILE", Packing::kNone};
constexpr FileFormat kLzop = {"lzop data", "lzop -dc FILE", Packing::kNone};
constexpr FileFormat kCompress = {"compress data (.Z)", "gzip -dc FILE", Packing::kNone};
constexpr FileFormat kZip = {"a zip archive (or an office document)", "unzip -p FILE", Packing::kNone};
constexpr FileFormat k7Zip = {"a 7z archive", "7z x -so FILE", Packing::kNone};
constexpr FileFormat kRar = {"a rar archive", "unrar p -inul FILE", Packing::kNone};
constexpr FileFormat kPdf = {"a PDF document", "pdftotext FILE -", Packing::kNone};

struct Beginning {
  std::string_view bytes;
  const FileFormat& format;
};

constexpr Beginning kBeginnings[] = {
    {"\x1F\x8B"sv, kGzip},
    {"\xFD"
     "7zXZ\0"sv,
     kXz},
    {"\x28\xB5\x2F\xFD"sv, kZstd},
    {"\x04\x22\x4D\x18"sv, kLz4},
    {"\x02\x21\x4C\x18"sv, kLz4},
    {"\x5D\0\0"sv, kLzma},
    {"LZIP\x01"sv, kLzip},
    {"\x89LZO\0"sv, kLzop},
    {"\x1F\x9D"sv, kCompress},
    {"\x1F\xA0"sv, kCompress},
    {"PK\x03\x04"sv, kZip},
    {"PK\x05\x06"sv, kZip},
    {"PK\x07\x08"sv, kZip},
    {"7z\xBC\xAF\x27\x1C"sv, k7Zip},
    {"Rar!\x1A\x07"sv, kRar},
    {"%PDF-1."sv, kPdf},
    {"%PDF-2."sv, kPdf},
};

// Text may hold these; any other byte below a space, or one that leads no sequence, does not occur in text.
bool occurs_in_text(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return value >= 0x20 ? value < 0x80 : value == '\t' || value == '\n' || value == '\r' || value == '\f';
}

// Whether one of the two begins with the other.
bool agree(std::string_view bytes, std::string_view beginning) {
  const size_t length = std::min(bytes.size(), beginning.size());
  return bytes.substr(0, length) == beginning.substr(0, length);
}

// A file that is over inside of a beginning is a piece of that format where it could not be text.
void compare(std::string_view bytes, std::string_view beginning, const FileFormat& format, bool whole,
             Recognition& result) {
  if (!agree(bytes, beginning)) return;
  if (bytes.size() >= beginning.size() || (whole && !std::all_of(bytes.begin(), bytes.end(), occurs_in_text)))
    result.format = &format;
  else
    result.needs_more = !whole;
}

// "BZh", the size of the blocks, and the mark of the first block or of the end. Text may begin with "BZh".
void compare_bzip2(std::string_view bytes, bool whole, Recognition& result) {
  for (const auto mark : {"\x31\x41\x59\x26\x53\x59"sv, "\x17\x72\x45\x38\x50\x90"sv}) {
    for (char size = '1'; size <= '9'; ++size) {
      const std::string beginning = std::string("BZh").append(1, size).append(mark);
      compare(bytes, beginning, kBzip2, whole, result);
      if (whole && bytes.size() >= 4 && agree(bytes, beginning)) result.format = &kBzip2;
    }
  }
}

// What follows a whole member begins no other one, as far as its first bytes tell.
void check_next_member(std::string_view bytes, std::string_view beginning, const Unpacker& unpacker) {
  if (!agree(bytes, beginning)) unpacker.refuse_rest();
}

template <typename Size>
std::string_view& take(std::string_view& packed, Size left) {
  packed.remove_prefix(packed.size() - left);
  return packed;
}

class GzipUnpacker : public Unpacker {
 public:
  explicit GzipUnpacker(const std::string& path) : Unpacker(kGzip.name, path) {
    if (inflateInit2(&stream_, 15 + 16 /* gzip */) != Z_OK) throw std::bad_alloc();
  }
  ~GzipUnpacker() override { inflateEnd(&stream_); }

  void step(std::string_view& packed, std::string& text) override {
    if (between_members_) {
      // Tapes and block devices are zero-padded, and gzip ignores the padding too.
      packed.remove_prefix(std::min(packed.find_first_not_of('\0'), packed.size()));
      if (packed.empty()) return;
      check_next_member(packed, "\x1F\x8B"sv, *this);
      inflateReset(&stream_);
      between_members_ = false;
    }
    const size_t had = text.size();
    text.resize(had + kStepBytes);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream_.avail_in = packed.size();
    stream_.next_out = reinterpret_cast<Bytef*>(&text[had]);
    stream_.avail_out = kStepBytes;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    text.resize(text.size() - stream_.avail_out);
    take(packed, stream_.avail_in);
    if (code == Z_STREAM_END)
      between_members_ = true;
    else if (code != Z_OK && code != Z_BUF_ERROR)  // which says that there was nothing to do
      damaged(stream_.msg != nullptr ? stream_.msg : "zlib's error " + std::to_string(code));
  }
  bool may_end() const override { return between_members_; }

 private:
  z_stream stream_{};
  bool between_members_ = false;
};

#ifdef DRAGOMAN_HAS_BZIP2
class Bzip2Unpacker : public Unpacker {
 public:
  explicit Bzip2Unpacker(const std::string& path) : Unpacker(kBzip2.name, path) { begin(); }
  ~Bzip2Unpacker() override { BZ2_bzDecompressEnd(&stream_); }

  void step(std::string_view& packed, std::string& text) override {
    if (between_members_) {
      if (packed.empty()) return;
      check_next_member(packed, "BZh"sv, *this);
      BZ2_bzDecompressEnd(&stream_);
      begin();
    }
    const size_t had = text.size();
    text.resize(had + kStepBytes);
    stream_.next_in = const_cast<char*>(packed.data());
    stream_.avail_in = packed.size();
    stream_.next_out = &text[had];
    stream_.avail_out = kStepBytes;
    const int code = BZ2_bzDecompress(&stream_);
    text.resize(text.size() - stream_.avail_out);
    take(packed, stream_.avail_in);
    if (code == BZ_STREAM_END)
      between_members_ = true;
    else if (code == BZ_MEM_ERROR)
      throw std::bad_alloc();
    else if (code != BZ_OK)
      damaged(code == BZ_DATA_ERROR ? "a checksum is wrong" : "no bzip2 stream where one should begin");
  }
  bool may_end() const override { return between_members_; }

 private:
  void begin() {
    stream_ = {};
    if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK) throw std::bad_alloc();
    between_members_ = false;
  }

  bz_stream stream_{};
  bool between_members_ = false;
};
#endif

#ifdef DRAGOMAN_HAS_LZMA
class XzUnpacker : public Unpacker {
 public:
  explicit XzUnpacker(const std::string& path) : Unpacker(kXz.name, path) { begin(); }
  ~XzUnpacker() override { lzma_end(&stream_); }

  void step(std::string_view& packed, std::string& text) override {
    if (between_streams_) {
      packed.remove_prefix(std::min(packed.find_first_not_of('\0'), packed.size()));  // padding
      if (packed.empty()) return;
      check_next_member(packed,
                        "\xFD"
                        "7zXZ\0"sv,
                        *this);
      begin();
    }
    const size_t had = text.size();
    text.resize(had + kStepBytes);
    stream_.next_in = reinterpret_cast<const uint8_t*>(packed.data());
    stream_.avail_in = packed.size();
    stream_.next_out = reinterpret_cast<uint8_t*>(&text[had]);
    stream_.avail_out = kStepBytes;
    const lzma_ret code = lzma_code(&stream_, LZMA_RUN);
    text.resize(text.size() - stream_.avail_out);
    take(packed, stream_.avail_in);
    between_streams_ = code == LZMA_STREAM_END;
    if (code == LZMA_MEM_ERROR) throw std::bad_alloc();
    if (code == LZMA_MEMLIMIT_ERROR) damaged("it needs more than 2 GiB to be unpacked");
    if (code == LZMA_FORMAT_ERROR) damaged("no xz stream where one should begin");
    if (code == LZMA_OPTIONS_ERROR) damaged("it uses options that this liblzma does not support");
    if (!between_streams_ && code != LZMA_OK && code != LZMA_BUF_ERROR) damaged("a checksum is wrong");
  }
  bool may_end() const override { return between_streams_; }

 private:
  void begin() {
    // xz -9 needs 65 MiB; the largest dictionary of the format, 1.5 GiB.
    constexpr uint64_t kMemory = uint64_t{1} << 31;
    if (lzma_stream_decoder(&stream_, kMemory, 0) != LZMA_OK) throw std::bad_alloc();
    between_streams_ = false;
  }

  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool between_streams_ = false;
};
#endif

#ifdef DRAGOMAN_HAS_ZSTD
class ZstdUnpacker : public Unpacker {
 public:
  explicit ZstdUnpacker(const std::string& path) : Unpacker(kZstd.name, path), stream_(ZSTD_createDStream()) {
    if (stream_ == nullptr) throw std::bad_alloc();
    // zstd --long=31, the largest window of the format.
    ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax,
                           ZSTD_dParam_getBounds(ZSTD_d_windowLogMax).upperBound);
  }
  ~ZstdUnpacker() override { ZSTD_freeDStream(stream_); }

  void step(std::string_view& packed, std::string& text) override {
    if (packed.empty() && between_frames_) return;
    // A skippable frame with user data is valid too.
    if (between_frames_ && ((packed[0] & 0xF0) != 0x50 || !agree(packed.substr(1), "\x2A\x4D\x18"sv)))
      check_next_member(packed, "\x28\xB5\x2F\xFD"sv, *this);
    const size_t had = text.size();
    text.resize(had + kStepBytes);
    ZSTD_inBuffer in = {packed.data(), packed.size(), 0};
    ZSTD_outBuffer out = {&text[had], kStepBytes, 0};
    const size_t code = ZSTD_decompressStream(stream_, &out, &in);
    text.resize(had + out.pos);
    packed.remove_prefix(in.pos);
    if (ZSTD_isError(code) != 0) damaged(ZSTD_getErrorName(code));
    between_frames_ = code == 0;
  }
  bool may_end() const override { return between_frames_; }

 private:
  ZSTD_DStream* stream_;
  bool between_frames_ = false;
};
#endif

}  // namespace

Recognition recognise_format(std::string_view bytes, bool whole) {
  Recognition result;
  if (bytes.empty()) return {nullptr, !whole};
  for (const auto& beginning : kBeginnings) compare(bytes, beginning.bytes, beginning.format, whole, result);
  // zstd may begin with a skippable frame of user data.
  for (char first = '\x50'; first <= '\x5F'; ++first)
    compare(bytes, std::string(1, first) + "\x2A\x4D\x18", kZstd, whole, result);
  compare_bzip2(bytes, whole, result);
  if (result.format != nullptr) result.needs_more = false;
  return result;
}

std::unique_ptr<Unpacker> Unpacker::make(const FileFormat& format, const std::string& path) {
  switch (format.packing) {
    case Packing::kGzip:
      return std::make_unique<GzipUnpacker>(path);
#ifdef DRAGOMAN_HAS_BZIP2
    case Packing::kBzip2:
      return std::make_unique<Bzip2Unpacker>(path);
#endif
#ifdef DRAGOMAN_HAS_LZMA
    case Packing::kXz:
      return std::make_unique<XzUnpacker>(path);
#endif
#ifdef DRAGOMAN_HAS_ZSTD
    case Packing::kZstd:
      return std::make_unique<ZstdUnpacker>(path);
#endif
    default:
      return nullptr;
  }
}

void Unpacker::refuse_rest() const {
  throw DataError(path_, std::string("expected only ") + name_ +
                             ", got something else after it; copy or download the file again");
}

void Unpacker::damaged(const std::string& reason) const {
  throw DataError(path_, std::string("expected ") + name_ + " without damage, got: " + reason +
                             "; copy or download the file again");
}

}  // namespace dragoman
