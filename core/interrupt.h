// A request from outside to stop: SIGINT, SIGTERM, SIGHUP or SIGXCPU.
//
// Signals belong to the process, and so does this state. The handler in app/main.cpp sets it. Long work polls
// it and leaves by an exception, so that destructors close files and remove temporary ones. A program that
// uses Dragoman as a library never sets it, or sets it to stop what runs.
#pragma once

#include <exception>

namespace dragoman {

// Leaves work that was asked to stop. Not an Error: nothing is wrong. The program exits with 128 + signal. A
// std::exception, because LibTorch's autograd engine passes on no other ones.
struct Interrupted : std::exception {
  explicit Interrupted(int signal_number) : signal(signal_number) {}
  const char* what() const noexcept override { return "stopped by a signal"; }

  int signal;
};

// Safe in a signal handler. The first signal stays until clear_interrupt().
void request_interrupt(int signal);

// The signal that asked to stop; 0 when none did.
int interrupt_signal();

// Throws Interrupted when interrupt_signal() is not 0. Cheap enough for every line and every step of a
// search.
void throw_if_interrupted();

// The effect of a signal on work that may also run while a stopped run is saved.
enum class OnInterrupt {
  kFinish,  // the signal has been heard: this is what is done before the end
  kThrow,   // Interrupted
};
inline void poll_interrupt(OnInterrupt on_interrupt) {
  if (on_interrupt == OnInterrupt::kThrow) throw_if_interrupted();
}

// For tests, and for a caller that continues after it has caught Interrupted.
void clear_interrupt();

}  // namespace dragoman
