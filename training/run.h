// A training run, from text files to a model folder. It continues where an earlier call with the same
// settings stopped.
#pragma once

#include "core/log.h"
#include "planning/plan.h"
#include "planning/run_requests.h"
#include "training/run_options.h"
#include "training/stop_reason.h"

namespace dragoman {

// Errors of all four kinds. Writes nothing before the text was checked.
StopReason run_training(const RunOptions& options, Log& log, RunRequests& requests);

// Trains for some seconds in a temporary folder, without validations; the model folder is not changed.
TrainingPlan plan_training(const RunOptions& options, Log& log, RunRequests& requests);

}  // namespace dragoman
