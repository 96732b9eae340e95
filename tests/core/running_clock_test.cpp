#include "core/running_clock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace dragoman {
namespace {

TEST(RunningClock, GoesAsOtherClocks) {
  RunningClock clock;
  const double first = clock.seconds();
  ::usleep(300'000);
  EXPECT_GE(clock.seconds() - first, 0.29);
}

TEST(RunningClock, StandsStillWhileTheProcessIsStopped) {
  RunningClock clock;
  const pid_t self = ::getpid();
  const pid_t helper = ::fork();
  ASSERT_GE(helper, 0);
  if (helper == 0) {  // calls nothing but what is safe in a process that was forked from threads
    ::usleep(2'500'000);
    ::kill(self, SIGCONT);
    ::_exit(0);
  }
  ::raise(SIGSTOP);
  ::usleep(500'000);
  const double seconds = clock.seconds();
  ::waitpid(helper, nullptr, 0);
  EXPECT_LT(seconds, 2);
  EXPECT_GE(seconds, 0.35);  // what has passed since the last look before, 0.1 s at most, is not counted
}

}  // namespace
}  // namespace dragoman
