#include "core/little_endian.h"

#include <gtest/gtest.h>

namespace dragoman {
namespace {

TEST(LittleEndian, TheFirstByteIsTheLeastSignificantAndBytesHaveNoSign) {
  EXPECT_EQ(little_endian(""), 0u);
  EXPECT_EQ(little_endian("\x80"), 0x80u);
  EXPECT_EQ(little_endian("\x01\xFF"), 0xFF01u);
  EXPECT_EQ(little_endian("\x08\x07\x06\x05\x04\x03\x02\xF1"), 0xF102030405060708u);
}

}  // namespace
}  // namespace dragoman
