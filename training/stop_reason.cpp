#include "training/stop_reason.h"

#include "core/log.h"

namespace dragoman {

std::optional<StopReason> reached_limit(const TrainingState& state, const TrainingOptions& options,
                                        double seconds) {
  if (state.update >= options.max_updates) return StopReason::kUpdates;
  if (options.max_epochs > 0 && state.position.epoch >= options.max_epochs) return StopReason::kEpochs;
  if (options.max_time > 0 && seconds >= options.max_time) return StopReason::kTime;
  if (options.early_stopping > 0 && state.validations_without_gain >= options.early_stopping)
    return StopReason::kNoGain;
  return std::nullopt;
}

std::string reason_text(StopReason reason, const TrainingOptions& options) {
  switch (reason) {
    case StopReason::kUpdates:
      return "reached --max-updates " + std::to_string(options.max_updates);
    case StopReason::kEpochs:
      return "reached --max-epochs " + std::to_string(options.max_epochs);
    case StopReason::kTime:
      return "reached --max-time " + clock_text(options.max_time);
    case StopReason::kNoGain:
      return "no better validation in " + std::to_string(options.early_stopping) +
             " (--early-stopping; to continue: --max-updates +N)";
    case StopReason::kSignal:
      return "stopped by a signal, state saved";
  }
  return "";
}

}  // namespace dragoman
