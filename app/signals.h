// What signals mean to the program: SIGINT, SIGTERM, SIGHUP and SIGXCPU stop it (core/interrupt.h); SIGUSR1
// and SIGUSR2 ask a training run for a checkpoint and a validation; a crash is told of.
#pragma once

#include "planning/run_requests.h"

namespace dragoman {

void install_signal_handlers();

// What SIGUSR1 and SIGUSR2 have asked for.
RunRequests& run_requests();

}  // namespace dragoman
