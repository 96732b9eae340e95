#include "core/running_clock.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "core/child_process.h"

namespace dragoman {
namespace {

TEST(RunningClock, GoesAsOtherClocks) {
  RunningClock clock;
  const double first = clock.seconds();
  ::usleep(300'000);
  EXPECT_GE(clock.seconds() - first, 0.29);
}

TEST(RunningClock, StandsStillWhileTheProcessIsStopped) {
  const std::string seconds = run_in_child("a pause", [] {
    RunningClock clock;
    const pid_t self = ::getpid();
    if (::fork() == 0) {
      ::usleep(2'500'000);
      ::kill(self, SIGCONT);
      ::_exit(0);
    }
    ::raise(SIGSTOP);
    ::usleep(200'000);
    return std::to_string(clock.seconds());
  });
  EXPECT_LT(std::stod(seconds), 2);
  EXPECT_GE(std::stod(seconds), 0.19);
}

}  // namespace
}  // namespace dragoman
