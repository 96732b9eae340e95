#include "exchange/zip_file.h"

#include <zlib.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "core/error.h"
#include "core/little_endian.h"
#include "core/utf8.h"

namespace dragoman {
namespace {

constexpr uint64_t kEndRecord = 22, kLongLocator = 20, kLongEndRecord = 56, kDirectoryEntry = 46,
                   kEntryHeader = 30, kMaxComment = 65535, kMaxName = 4096;
constexpr uint64_t kInExtra = 0xFFFFFFFF;    // the size or offset is in the ZIP64 field
constexpr uint64_t kMaxDeflateRatio = 1032;  // bytes per deflated byte
constexpr uint64_t kMaxExpansion = 8, kMinUnpackLimit = uint64_t{64} << 20;
constexpr std::string_view kEndMark("PK\5\6", 4), kLongLocatorMark("PK\6\7", 4), kLongEndMark("PK\6\6", 4),
    kDirectoryMark("PK\1\2", 4), kHeaderMark("PK\3\4", 4);

// Bytes with checked access. Every error names the file.
class Bytes {
 public:
  Bytes(std::string_view bytes, const std::string& where) : bytes_(bytes), where_(where) {}

  [[noreturn]] void refuse(const std::string& got) const {
    throw ModelError(where_, "expected a complete zip archive, got " + got);
  }
  std::string_view slice(uint64_t at, uint64_t count) const {
    if (at > bytes_.size() || count > bytes_.size() - at) refuse("one that is truncated or has wrong sizes");
    return bytes_.substr(at, count);
  }
  uint64_t number(uint64_t at, uint64_t width) const { return little_endian(slice(at, width)); }
  void require_mark(uint64_t at, std::string_view mark, const char* what) const {
    if (slice(at, 4) != mark) refuse(std::string("none: no ") + what + " at byte " + std::to_string(at));
  }
  uint64_t size() const { return bytes_.size(); }

 private:
  std::string_view bytes_;
  const std::string& where_;
};

struct Directory {
  uint64_t entries = 0, begin = 0, end = 0;
};

// The end record is the last part of the file, except for a comment. It contains the comment's length.
uint64_t find_end_record(const Bytes& bytes) {
  if (bytes.size() < kEndRecord) bytes.refuse(std::to_string(bytes.size()) + " bytes");
  const uint64_t last = bytes.size() - kEndRecord;
  for (uint64_t back = 0; back <= std::min(last, kMaxComment); ++back) {
    const uint64_t at = last - back;
    if (bytes.slice(at, 4) == kEndMark && bytes.number(at + 20, 2) == back) return at;
  }
  bytes.refuse("one without its end record (truncated?)");
}

Directory find_directory(const Bytes& bytes) {
  const uint64_t end = find_end_record(bytes);
  Directory found{bytes.number(end + 10, 2), bytes.number(end + 16, 4), bytes.number(end + 12, 4)};
  uint64_t limit = end;
  if (end >= kLongLocator && bytes.slice(end - kLongLocator, 4) == kLongLocatorMark) {
    const uint64_t long_end = bytes.number(end - kLongLocator + 8, 8);
    bytes.slice(long_end, kLongEndRecord);
    bytes.require_mark(long_end, kLongEndMark, "end record");
    found = {bytes.number(long_end + 32, 8), bytes.number(long_end + 48, 8), bytes.number(long_end + 40, 8)};
    limit = std::min(limit, long_end);
  }
  if (found.begin > limit || found.end > limit - found.begin) bytes.refuse("a directory outside of it");
  found.end += found.begin;
  if (found.entries > (found.end - found.begin) / kDirectoryEntry)
    bytes.refuse("a directory too small for " + std::to_string(found.entries) + " entries");
  return found;
}

// What the directory says of one entry.
struct DirectoryEntry {
  std::string name;
  uint64_t flags, method, checksum, packed, size, header, bytes;
};

// Sizes and offsets above 4 GB are in a field of their own, in this order. Only those marked with kInExtra
// are present.
void read_long_sizes(const Bytes& bytes, uint64_t at, uint64_t end, DirectoryEntry& entry) {
  while (end - at >= 4) {
    const uint64_t kind = bytes.number(at, 2), length = bytes.number(at + 2, 2);
    at += 4;
    if (length > end - at) bytes.refuse("a field that is longer than its entry");
    if (kind == 1) {
      uint64_t place = at;
      for (uint64_t* value : {&entry.size, &entry.packed, &entry.header}) {
        if (*value != kInExtra) continue;
        if (place + 8 > at + length) bytes.refuse("an entry without its long size");
        *value = bytes.number(place, 8), place += 8;
      }
    }
    at += length;
  }
}

DirectoryEntry read_entry(const Bytes& bytes, uint64_t at) {
  bytes.require_mark(at, kDirectoryMark, "directory entry");
  const uint64_t name = bytes.number(at + 28, 2), extra = bytes.number(at + 30, 2),
                 comment = bytes.number(at + 32, 2), extra_begin = at + kDirectoryEntry + name;
  DirectoryEntry entry{std::string(bytes.slice(at + kDirectoryEntry, name)),
                       bytes.number(at + 8, 2),
                       bytes.number(at + 10, 2),
                       bytes.number(at + 16, 4),
                       bytes.number(at + 20, 4),
                       bytes.number(at + 24, 4),
                       bytes.number(at + 42, 4),
                       kDirectoryEntry + name + extra + comment};
  bytes.slice(extra_begin, extra + comment);
  read_long_sizes(bytes, extra_begin, extra_begin + extra, entry);
  return entry;
}

// Locates the content by the header before it, which must describe the same entry.
ZipFile::Entry locate(const Bytes& bytes, const DirectoryEntry& entry, uint64_t directory) {
  if ((entry.flags & 1) != 0 || (entry.method != 0 && entry.method != Z_DEFLATED))
    bytes.refuse("'" + entry.name + "' encrypted or packed by a method that is neither store nor deflate");
  if (entry.name.size() > kMaxName || !is_valid_utf8(entry.name))
    bytes.refuse("an entry with an invalid name");
  bytes.slice(entry.header, kEntryHeader);
  bytes.require_mark(entry.header, kHeaderMark, "entry");
  const uint64_t name = bytes.number(entry.header + 26, 2), extra = bytes.number(entry.header + 28, 2),
                 begin = entry.header + kEntryHeader + name + extra;
  if (bytes.slice(entry.header + kEntryHeader, name) != entry.name)
    bytes.refuse("'" + entry.name + "' under two names");
  if (begin > directory || entry.packed > directory - begin)
    bytes.refuse("'" + entry.name + "', whose content does not end inside it");
  const bool deflated = entry.method != 0;
  if (deflated ? entry.size / kMaxDeflateRatio > entry.packed : entry.size != entry.packed)
    bytes.refuse("'" + entry.name + "' of " + std::to_string(entry.packed) + " bytes, which cannot hold " +
                 std::to_string(entry.size));
  return {begin, begin + entry.packed, entry.size, entry.checksum, deflated, false};
}

// Exactly `size` bytes, or nothing.
std::optional<std::string> inflated(std::string_view packed, uint64_t size) {
  constexpr uint64_t kPiece = uint64_t{1} << 30;  // zlib counts in 32 bits
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return std::nullopt;
  std::string result(size, '\0');
  uint64_t read = 0, written = 0;
  int state = Z_OK;
  do {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + read));
    stream.avail_in = std::min<uint64_t>(kPiece, packed.size() - read);
    stream.next_out = reinterpret_cast<Bytef*>(result.data() + written);
    stream.avail_out = std::min<uint64_t>(kPiece, size - written);
    const uint64_t in = stream.avail_in, out = stream.avail_out;
    state = inflate(&stream, Z_NO_FLUSH);
    read += in - stream.avail_in, written += out - stream.avail_out;
    if (in == stream.avail_in && out == stream.avail_out) break;  // no progress
  } while (state == Z_OK);
  inflateEnd(&stream);
  if (state != Z_STREAM_END || written != size || read != packed.size()) return std::nullopt;
  return result;
}

uint32_t crc_of(std::string_view bytes) {
  return crc32_z(crc32_z(0, nullptr, 0), reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
}

}  // namespace

bool ZipFile::begins_like_one(std::string_view bytes) {
  return bytes.substr(0, 4) == kHeaderMark;
}

ZipFile::ZipFile(std::string_view bytes, std::string path) : bytes_(bytes), path_(std::move(path)) {
  read_directory();
}

void ZipFile::read_directory() {
  const Bytes bytes(bytes_, path_);
  const Directory directory = find_directory(bytes);
  std::vector<std::pair<uint64_t, uint64_t>> ranges;  // header and end of each entry
  uint64_t at = directory.begin;
  for (uint64_t i = 0; i < directory.entries; ++i) {
    const DirectoryEntry entry = read_entry(bytes, at);
    at += entry.bytes;
    if (at > directory.end) bytes.refuse("a directory that ends inside an entry");
    const Entry place = locate(bytes, entry, directory.begin);
    if (!entries_.emplace(entry.name, place).second) bytes.refuse("'" + entry.name + "' twice");
    ranges.emplace_back(entry.header, place.end);
  }
  std::sort(ranges.begin(), ranges.end());
  for (size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i].first < ranges[i - 1].second) bytes.refuse("overlapping entries");
  }
}

std::string_view ZipFile::content(const std::string& name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) throw ModelError(path_ + ": " + name, "expected this entry, got none");
  Entry& entry = found->second;
  const std::string_view content =
      entry.deflated ? unpacked(name, entry) : bytes_.substr(entry.begin, entry.end - entry.begin);
  if (!entry.checked && crc_of(content) != entry.checksum)
    throw ModelError(path_ + ": " + name, "expected the checksum of the archive's directory, got another");
  entry.checked = true;
  return content;
}

std::string_view ZipFile::unpacked(const std::string& name, const Entry& entry) {
  const auto before = unpacked_.find(name);
  if (before != unpacked_.end()) return before->second;
  const uint64_t most = std::max(kMinUnpackLimit, kMaxExpansion * bytes_.size());
  if (entry.size > most || unpacked_bytes_ > most - entry.size) {
    throw ModelError(path_ + ": " + name, "expected at most " + std::to_string(most) +
                                              " bytes unpacked from this archive, got " +
                                              std::to_string(entry.size) + " more (a decompression bomb?)");
  }
  auto content = inflated(bytes_.substr(entry.begin, entry.end - entry.begin), entry.size);
  if (!content)
    throw ModelError(path_ + ": " + name, "expected " + std::to_string(entry.size) +
                                              " deflated bytes, got something else (damaged?)");
  unpacked_bytes_ += entry.size;
  return unpacked_.emplace(name, std::move(*content)).first->second;
}

}  // namespace dragoman
