#include "report/event_file.h"

#include <gtest/gtest.h>

#include <cstring>

#include "core/files.h"

namespace dragoman {
namespace {

template <typename Number>
Number number_at(const std::string& bytes, size_t at) {
  Number value{};
  std::memcpy(&value, bytes.data() + at, sizeof value);  // little-endian, as the machines we run on
  return value;
}

uint32_t masked(uint32_t checksum) {
  return (checksum >> 15 | checksum << 17) + 0xA282EAD8u;
}

// The data of each record; checks both checksums of each.
std::vector<std::string> records(const std::string& bytes) {
  std::vector<std::string> all;
  for (size_t at = 0; at < bytes.size();) {
    const auto length = number_at<uint64_t>(bytes, at);
    EXPECT_EQ(number_at<uint32_t>(bytes, at + 8), masked(crc32c(std::string_view(bytes).substr(at, 8))));
    all.push_back(bytes.substr(at + 12, length));
    EXPECT_EQ(number_at<uint32_t>(bytes, at + 12 + length), masked(crc32c(all.back())));
    at += 16 + length;
  }
  return all;
}

TEST(Crc32c, IsThatOfRfc3720) {
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);    // appendix B.4
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43u);  // appendix B.4
}

TEST(EventFile, BeginsWithItsVersionAndTheStepFromWhichItCounts) {
  const TemporaryFolder folder;
  const EventFile file(folder.path("runs/tensorboard"), 300);
  const auto all = records(read_file(file.path(), ErrorKind::kData));
  ASSERT_EQ(all.size(), 2u);
  // wall_time = 1 (double), step = 2 (varint 0), file_version = 3 (string).
  EXPECT_EQ(all[0][0], '\x09');
  EXPECT_EQ(all[0].substr(9), std::string("\x10\x00\x1A\x0D", 4) + "brain.Event:2");
  // step 300 is the varint AC 02; session_log = 7 (2 bytes) with status = 1 (START).
  EXPECT_EQ(all[1].substr(9), std::string("\x10\xAC\x02\x3A\x02\x08\x01", 7));
}

TEST(EventFile, AScalarIsItsNameAndAFloat) {
  const TemporaryFolder folder;
  EventFile file(folder.path("t"), 1);
  file.add(5, {{"a", 1.5}, {"bc", -2}});
  const auto all = records(read_file(file.path(), ErrorKind::kData));
  ASSERT_EQ(all.size(), 3u);
  const std::string values = std::string(
                                 "\x0A\x08\x0A\x01"
                                 "a"
                                 "\x15\x00\x00\xC0\x3F",
                                 10) +
                             std::string(
                                 "\x0A\x09\x0A\x02"
                                 "bc"
                                 "\x15\x00\x00\x00\xC0",
                                 11);
  EXPECT_EQ(all[2].substr(9), std::string("\x10\x05\x2A\x15", 4) + values);
}

TEST(EventFile, ASecondOneInTheSameSecondHasANameOfItsOwnThatSortsBehind) {
  const TemporaryFolder folder;
  const EventFile first(folder.path("t"), 1), second(folder.path("t"), 1);
  EXPECT_LT(first.path(), second.path());
  EXPECT_NE(first.path().find("tfevents"), std::string::npos);
}

TEST(EventFile, InAFolderThatCannotBeMadeIsADataError) {
  const TemporaryFolder folder;
  folder.write("file", "");
  EXPECT_THROW(EventFile(folder.path("file/t"), 1), DataError);
}

}  // namespace
}  // namespace dragoman
