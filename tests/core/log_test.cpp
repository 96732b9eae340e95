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

TEST(Log, AProgressLineIsNeverAsWideAsTheTerminal) {
  size_t width = 20;
  std::ostringstream stream;
  Log log(stream, /*terminal=*/true, [&] { return width; });
  log.progress("epoch 1  update 123,456  loss 4.567");
  EXPECT_EQ(stream.str(), "\repoch 1  update 123");
  stream.str("");
  width = 10;  // the user has made the window smaller: what is blanked out must not be wider than it either
  log.progress("日本語日本語");
  EXPECT_EQ(stream.str(), "\r日本語日 ");
  stream.str("");
  log.info("done");
  EXPECT_EQ(stream.str(), "\r        \rdone\n");
}

TEST(Log, OnANarrowTerminalTheFieldsOfTheHighestRankGo) {
  size_t width = 100;
  std::ostringstream stream;
  Log log(stream, /*terminal=*/true, [&] { return width; });
  const std::vector<ProgressField> fields = {{"update 1", 0}, {"ppl 2.00", 2}, {"0:01 left", 1}};
  const auto shown = [&](size_t columns) {
    width = columns;
    Log fresh(stream, true, [&] { return width; });
    stream.str("");
    fresh.progress(fields);
    return stream.str();
  };
  EXPECT_EQ(shown(100), "\rupdate 1  ppl 2.00  0:01 left");
  EXPECT_EQ(shown(30), "\rupdate 1  ppl 2.00  0:01 left");
  EXPECT_EQ(shown(29), "\rupdate 1 ppl 2.00 0:01 left");
  EXPECT_EQ(shown(27), "\rupdate 1 0:01 left");
  EXPECT_EQ(shown(18), "\rupdate 1");
  EXPECT_EQ(shown(5), "\rupda");
  std::ostringstream file;
  Log(file).progress(fields);
  EXPECT_EQ(file.str(), "update 1  ppl 2.00  0:01 left\n");
}

TEST(Log, ControlCharactersDoNotReachTheTerminal) {
  std::ostringstream stream;
  Log log(stream, true);
  log.info("\x1B[31mred");
  log.warning("bell\x07");
  log.progress("back\r");
  EXPECT_EQ(stream.str(), "\\x1B[31mred\nwarning: bell\\x07\n\rback\\x0D");
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
