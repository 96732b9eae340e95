#include "core/child_process.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <new>
#include <thread>

#include "core/interrupt.h"

namespace dragoman {
namespace {

std::string message_of(const std::function<std::string()>& work) {
  try {
    run_in_child("some work", work);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no error";
}

TEST(ChildProcess, GivesBackAnyBytes) {
  std::string bytes(1 << 20, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 % 256);
  EXPECT_TRUE(run_in_child("some work", [&] { return bytes; }) == bytes);
  EXPECT_EQ(run_in_child("some work", [] { return std::string(); }), "");
}

TEST(ChildProcess, WhatItThrowsIsThrownHere) {
  EXPECT_EQ(message_of([]() -> std::string { throw std::runtime_error("no text"); }), "no text");
  EXPECT_THROW(run_in_child("some work", []() -> std::string { throw std::bad_alloc(); }), std::bad_alloc);
}

TEST(ChildProcess, AnEndWithoutAResultIsTold) {
  EXPECT_EQ(message_of([] { return ::kill(::getpid(), SIGKILL), std::string("x"); }),
            "[some work] expected its process to end with a result, got signal 9 (is there enough memory?)");
  EXPECT_EQ(message_of([]() -> std::string { ::_exit(1); }),
            "[some work] expected its process to end with a result, got exit code 1");
}

TEST(ChildProcess, IsAbandonedWhenTheProgramIsAskedToStop) {
  const auto begin = std::chrono::steady_clock::now();
  std::thread stopper([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    request_interrupt(SIGTERM);
  });
  EXPECT_THROW(run_in_child("some work", [] { return ::sleep(100), std::string(); }), Interrupted);
  stopper.join();
  clear_interrupt();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

}  // namespace
}  // namespace dragoman
