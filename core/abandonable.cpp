#include "core/abandonable.h"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <future>
#include <system_error>
#include <thread>
#include <utility>

#include "core/error.h"
#include "core/interrupt.h"

namespace dragoman {
namespace {

constexpr std::chrono::milliseconds kBetweenLooks(100);  // at whether to stop

std::atomic<bool> abandoned{false};

}  // namespace

std::string run_abandonable(const std::string& name, std::function<std::string()> work) {
  throw_if_interrupted();
  std::packaged_task<std::string()> task([work = std::move(work)] {
    // Signals are for the thread that waits.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    return work();
  });
  std::future<std::string> result = task.get_future();
  try {
    std::thread(std::move(task)).detach();
  } catch (const std::system_error& error) {
    cannot(ErrorKind::kData, "start a thread for", name, error.code().value());
  }
  while (result.wait_for(kBetweenLooks) != std::future_status::ready) {
    if (interrupt_signal() == 0) continue;
    abandoned = true;
    throw_if_interrupted();
  }
  return result.get();
}

bool work_was_abandoned() {
  return abandoned;
}

}  // namespace dragoman
