#include "core/abandonable.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <future>
#include <memory>
#include <new>
#include <stdexcept>
#include <thread>

#include "core/interrupt.h"

namespace dragoman {
namespace {

TEST(Abandonable, GivesTheResult) {
  const std::string bytes("a\0b", 3);
  EXPECT_EQ(run_abandonable("some work", [=] { return bytes; }), bytes);
  EXPECT_FALSE(work_was_abandoned());
}

TEST(Abandonable, RunsInAThreadOfItsOwn) {
  const std::thread::id here = std::this_thread::get_id();
  EXPECT_EQ(
      run_abandonable("some work", [=] { return here == std::this_thread::get_id() ? "same" : "other"; }),
      "other");
}

TEST(Abandonable, ThrowsWhatTheWorkThrows) {
  EXPECT_THROW(run_abandonable("some work", []() -> std::string { throw std::bad_alloc(); }), std::bad_alloc);
  try {
    run_abandonable("some work", []() -> std::string { throw std::runtime_error("no text"); });
    FAIL() << "no exception";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "no text");
  }
}

TEST(Abandonable, IsLeftWhenTheProgramIsAskedToStop) {
  // What the work uses lives until it ends, whoever ends first.
  const auto may_end = std::make_shared<std::promise<void>>();
  const auto has_ended = std::make_shared<std::promise<void>>();
  std::thread stopper([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    request_interrupt(SIGTERM);
  });
  EXPECT_THROW(run_abandonable("some work",
                               [=] {
                                 may_end->get_future().wait();
                                 has_ended->set_value();
                                 return std::string();
                               }),
               Interrupted);
  stopper.join();
  clear_interrupt();
  EXPECT_TRUE(work_was_abandoned());
  may_end->set_value();
  has_ended->get_future().wait();
}

TEST(Abandonable, DoesNotStartWhenTheProgramWasAskedToStopBefore) {
  request_interrupt(SIGTERM);
  EXPECT_THROW(run_abandonable("some work", []() -> std::string { return ADD_FAILURE(), ""; }), Interrupted);
  clear_interrupt();
}

}  // namespace
}  // namespace dragoman
