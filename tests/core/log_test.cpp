#include "core/log.h"

#include <gtest/gtest.h>

#include <sstream>

namespace dragoman {
namespace {

TEST(Log, LinesStandOneByOneAndWarningsAreCounted) {
  std::ostringstream stream;
  Log log(stream);
  log.info("one");
  log.warning("two");
  log.progress("three");
  EXPECT_EQ(stream.str(), "one\nwarning: two\nthree\n");
  EXPECT_EQ(log.warnings(), 1);
}

TEST(Log, OnATerminalProgressIsRewrittenInPlaceAndGivesWayToALine) {
  std::ostringstream stream;
  Log log(stream, /*terminal=*/true);
  log.progress("10 lines");
  log.progress("9 left");
  EXPECT_EQ(stream.str(), "\r10 lines\r9 left  ");
  log.info("done");
  EXPECT_EQ(stream.str(), "\r10 lines\r9 left  \r      \rdone\n");
}

TEST(Log, NumbersReadAsPeopleWriteThem) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(12345678), "12,345,678");
  EXPECT_EQ(with_commas(-999), "-999");
  EXPECT_EQ(with_commas(-123456), "-123,456");
  EXPECT_EQ(clock_text(0), "0:00");
  EXPECT_EQ(clock_text(59.6), "1:00");
  EXPECT_EQ(clock_text(3599), "59:59");
  EXPECT_EQ(clock_text(3723), "1:02:03");
  EXPECT_EQ(fixed(1.005, 1), "1.0");
  EXPECT_EQ(fixed(-0.25, 2), "-0.25");
}

}  // namespace
}  // namespace dragoman
