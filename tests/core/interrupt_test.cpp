#include "core/interrupt.h"

#include <gtest/gtest.h>

#include <csignal>

namespace dragoman {
namespace {

class Interrupt : public testing::Test {
 protected:
  void SetUp() override { clear_interrupt(); }
  void TearDown() override { clear_interrupt(); }
};

TEST_F(Interrupt, NothingIsThrownWithoutARequest) {
  EXPECT_EQ(interrupt_signal(), 0);
  EXPECT_NO_THROW(throw_if_interrupted());
}

TEST_F(Interrupt, ThrowsTheSignalUntilItIsCleared) {
  request_interrupt(SIGTERM);
  for (int i = 0; i < 2; ++i) {
    try {
      throw_if_interrupted();
      FAIL() << "nothing was thrown";
    } catch (const Interrupted& interrupted) {
      EXPECT_EQ(interrupted.signal, SIGTERM);
    }
  }
  clear_interrupt();
  EXPECT_NO_THROW(throw_if_interrupted());
}

TEST_F(Interrupt, TheFirstSignalIsTheOneThatCounts) {
  request_interrupt(SIGHUP);
  request_interrupt(SIGINT);
  EXPECT_EQ(interrupt_signal(), SIGHUP);
}

}  // namespace
}  // namespace dragoman
