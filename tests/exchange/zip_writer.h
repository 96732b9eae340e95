// Small zip archives for tests, written field by field: each field can be made wrong.
#pragma once

#include <zlib.h>

#include <string>
#include <vector>

namespace dragoman {

inline std::string little(uint64_t value, int width) {
  std::string text;
  for (int i = 0; i < width; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

inline std::string deflated_bytes(const std::string& content) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string result(content.size() + 1024, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  deflate(&stream, Z_FINISH);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

struct ZipMember {
  ZipMember(std::string name_, std::string content, bool deflate = false)
      : name(std::move(name_)),
        packed(deflate ? deflated_bytes(content) : content),
        size(content.size()),
        checksum(static_cast<uint32_t>(
            crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size())))),
        method(deflate ? 8 : 0) {}

  std::string name, packed;
  uint64_t size, checksum;
  int method, flags = 0;
  std::string name_in_header = name;
  int64_t header = -1;  // another place than its own
};

// `long_form`: with the records that PyTorch writes for archives above 4 GB, and below.
inline std::string zip_of(const std::vector<ZipMember>& members, bool long_form = false) {
  std::string file, directory;
  for (const auto& member : members) {
    const uint64_t place = member.header < 0 ? file.size() : static_cast<uint64_t>(member.header);
    const std::string facts =
        little(static_cast<uint64_t>(member.flags), 2) + little(static_cast<uint64_t>(member.method), 2) +
        little(0, 4) + little(member.checksum, 4) + little(member.packed.size(), 4) + little(member.size, 4);
    file += std::string("PK\3\4", 4) + little(20, 2) + facts + little(member.name_in_header.size(), 2) +
            little(0, 2) + member.name_in_header + member.packed;
    directory += std::string("PK\1\2", 4) + little(20, 2) + little(20, 2) + facts +
                 little(member.name.size(), 2) + little(0, 2) + little(0, 2) + little(0, 2) + little(0, 2) +
                 little(0, 4) + little(place, 4) + member.name;
  }
  const uint64_t begin = file.size(), count = members.size();
  file += directory;
  if (long_form) {
    const uint64_t record = file.size();
    file += std::string("PK\6\6", 4) + little(44, 8) + little(45, 2) + little(45, 2) + little(0, 4) +
            little(0, 4) + little(count, 8) + little(count, 8) + little(directory.size(), 8) +
            little(begin, 8);
    file += std::string("PK\6\7", 4) + little(0, 4) + little(record, 8) + little(1, 4);
  }
  return file + std::string("PK\5\6", 4) + little(0, 4) + little(count, 2) + little(count, 2) +
         little(directory.size(), 4) + little(begin, 4) + little(0, 2);
}

// The error message of `action`, or "accepted".
template <typename ErrorType, typename Action>
std::string refusal_of(const Action& action) {
  try {
    action();
  } catch (const ErrorType& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace dragoman
