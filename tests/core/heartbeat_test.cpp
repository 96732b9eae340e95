#include "core/heartbeat.h"

#include <gtest/gtest.h>

#include <sstream>
#include <thread>

namespace dragoman {
namespace {

void sleep_seconds(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

TEST(Heartbeat, SaysNothingOfShortWork) {
  std::ostringstream stream;
  Log log(stream);
  { const Heartbeat beat(log, "working"); }
  EXPECT_EQ(stream.str(), "");
}

TEST(Heartbeat, SaysWhatIsDoneWhenTheLogWasSilent) {
  std::ostringstream stream;
  Log log(stream);
  {
    Heartbeat beat(log, "reading", {.terminal = 1, .file_first = 0.05, .file_most = 0.05});
    sleep_seconds(0.3);
    beat.set("learning");
    sleep_seconds(0.3);
  }
  EXPECT_EQ(stream.str().find("reading  0:00\n"), 0u) << stream.str();
  EXPECT_NE(stream.str().find("learning  0:0"), std::string::npos) << stream.str();
}

TEST(Heartbeat, LeavesNothingOnATerminal) {
  std::ostringstream stream;
  Log log(stream, true, [] { return size_t{80}; });
  {
    const Heartbeat beat(log, "working", {.terminal = 0.05, .file_first = 1, .file_most = 1});
    sleep_seconds(0.3);
  }
  const std::string shown = "\rworking  0:00";
  EXPECT_EQ(stream.str().find(shown), 0u);
  EXPECT_EQ(stream.str().substr(stream.str().size() - shown.size() - 1),
            "\r" + std::string(shown.size() - 1, ' ') + "\r");
}

TEST(Heartbeat, IsSilentWhileTheLogSaysSomethingItself) {
  std::ostringstream stream;
  Log log(stream);
  {
    const Heartbeat beat(log, "working", {.terminal = 1, .file_first = 2, .file_most = 2});
    for (int i = 0; i < 5; ++i) log.info("line"), sleep_seconds(0.02);
  }
  EXPECT_EQ(stream.str().find("working"), std::string::npos) << stream.str();
}

}  // namespace
}  // namespace dragoman
