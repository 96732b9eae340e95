#include "report/event_file.h"

#include <array>
#include <bit>
#include <chrono>

#include "core/files.h"

namespace dragoman {
namespace {

template <typename Number>
std::string little_endian(Number value, size_t bytes = sizeof(Number)) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xFF);
  return text;
}

// Protocol buffers: a field is its number and wire type, then its value.
enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

std::string varint(uint64_t value) {
  std::string text;
  for (; value >= 0x80; value >>= 7) text += static_cast<char>(value | 0x80);
  return text + static_cast<char>(value);
}

std::string key(uint32_t field, WireType type) {
  return varint(field << 3 | type);
}

std::string bytes_field(uint32_t field, const std::string& content) {
  return key(field, kBytes) + varint(content.size()) + content;
}

// event.proto: double wall_time = 1; int64 step = 2.
std::string event_head(int64_t step) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const double seconds = std::chrono::duration<double>(now).count();
  return key(1, kFixed64) + little_endian(std::bit_cast<uint64_t>(seconds)) + key(2, kVarint) + varint(step);
}

// summary.proto: Summary { repeated Value value = 1; }, Value { string tag = 1; float simple_value = 2; }
std::string summary(const std::vector<Scalar>& scalars) {
  std::string values;
  for (const auto& scalar : scalars) {
    const auto bits = std::bit_cast<uint32_t>(static_cast<float>(scalar.value));
    values += bytes_field(1, bytes_field(1, scalar.name) + key(2, kFixed32) + little_endian(bits));
  }
  return values;
}

uint32_t masked_checksum(std::string_view bytes) {
  const uint32_t checksum = crc32c(bytes);
  return (checksum >> 15 | checksum << 17) + 0xA282EAD8u;
}

std::string record(const std::string& data) {
  const std::string length = little_endian(uint64_t{data.size()});
  return length + little_endian(masked_checksum(length)) + data + little_endian(masked_checksum(data));
}

// TensorBoard finds files by "tfevents" in the name and reads them in the order of their names.
std::string new_name(const std::string& folder) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::string stem =
      "events.out.tfevents." + std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now).count());
  for (int number = 0;; ++number) {
    const std::string name = stem + "." + std::to_string(number) + ".dragoman";
    if (!file_exists(join_path(folder, name))) return name;
  }
}

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  static const auto kTable = [] {
    std::array<uint32_t, 256> table{};
    for (uint32_t byte = 0; byte < table.size(); ++byte) {
      table[byte] = byte;
      for (int bit = 0; bit < 8; ++bit)
        table[byte] =
            table[byte] >> 1 ^ ((table[byte] & 1) != 0 ? 0x82F63B78u : 0);  // the polynomial, reversed
    }
    return table;
  }();
  uint32_t checksum = ~uint32_t{0};
  for (const char byte : bytes)
    checksum = checksum >> 8 ^ kTable[(checksum ^ static_cast<unsigned char>(byte)) & 0xFF];
  return ~checksum;
}

EventFile::EventFile(const std::string& folder, int64_t first_step) {
  make_folder(folder);
  path_ = join_path(folder, new_name(folder));
  append(event_head(0) + bytes_field(3, "brain.Event:2"));  // string file_version = 3
  // SessionLog session_log = 7, with status = 1 (START): what earlier files say from this step on is void.
  append(event_head(first_step) + bytes_field(7, key(1, kVarint) + varint(1)));
}

void EventFile::append(const std::string& event) {
  append_to_file(path_, record(event));
}

void EventFile::add(int64_t step, const std::vector<Scalar>& scalars) {
  append(event_head(step) + bytes_field(5, summary(scalars)));  // Summary summary = 5
}

}  // namespace dragoman
