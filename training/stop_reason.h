// What ends a run.
#pragma once

#include <optional>
#include <string>

#include "planning/training_options.h"
#include "planning/training_state.h"

namespace dragoman {

enum class StopReason { kUpdates, kEpochs, kTime, kNoGain, kSignal };

// The limit of the options that the run has reached. seconds: of training so far; 0 while --max-time must not
// end the run.
std::optional<StopReason> reached_limit(const TrainingState& state, const TrainingOptions& options,
                                        double seconds);

std::string reason_text(StopReason reason, const TrainingOptions& options);

}  // namespace dragoman
