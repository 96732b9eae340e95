// The effect of signals on the program: SIGINT, SIGTERM, SIGHUP and SIGXCPU stop it (core/interrupt.h);
// SIGUSR1 and SIGUSR2 ask a training run for a checkpoint and a validation; a crash is reported.
#pragma once

#include "planning/run_requests.h"

namespace dragoman {

void install_signal_handlers();

// The requests of SIGUSR1 and SIGUSR2.
RunRequests& run_requests();

}  // namespace dragoman
