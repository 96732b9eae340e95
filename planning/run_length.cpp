#include "planning/run_length.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/log.h"
#include "planning/schedule.h"

namespace dragoman {
namespace {

constexpr double kLowRate = 0.1;  // of the peak: where a schedule that falls to 0 has done its work

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g %%", 100 * share);
  return text;
}

// The learning rate at an update as a share of its peak, which is the rate at the end of the warm-up.
double share_of_peak(double update, const TrainingOptions& options) {
  const int64_t d_model = 512;  // cancels out
  const int64_t at = std::llround(update);
  return learning_rate_at(at, options, d_model) / learning_rate_at(options.warmup, options, d_model);
}

}  // namespace

double updates_per_pass(const TrainingOptions& options, int64_t batches, int64_t target_tokens) {
  double updates = 1.0 * batches / std::max<int64_t>(1, options.accumulate);
  if (options.update_tokens > 0) updates = std::min(updates, 1.0 * target_tokens / options.update_tokens);
  return std::max(1.0, std::ceil(updates));
}

RunEnd expected_end(const TrainingOptions& options, double updates_per_pass, double seconds_per_update,
                    const RunPosition& at) {
  const double update = at.update, max_updates = options.max_updates;
  RunEnd end{max_updates, 0, "--max-updates " + std::to_string(options.max_updates)};
  const double passes_left = std::max(0.0, options.max_epochs - at.passes);
  if (const double by_epochs = update + std::round(passes_left * updates_per_pass);
      options.max_epochs > 0 && by_epochs < end.updates)
    end.updates = by_epochs, end.by = "--max-epochs " + std::to_string(options.max_epochs);
  end.seconds = at.seconds + (end.updates - update) * seconds_per_update;
  if (options.max_time > 0 && seconds_per_update > 0 && options.max_time < end.seconds) {
    end.seconds = options.max_time;
    end.updates = update + std::floor(std::max(0.0, options.max_time - at.seconds) / seconds_per_update);
    end.by = "--max-time " + clock_text(options.max_time);
  }
  return end;
}

std::vector<std::string> schedule_warnings(const TrainingOptions& options, const RunEnd& end) {
  const double warmup = options.warmup;
  const auto updates = std::max<int64_t>(1, std::llround(end.updates));
  const std::string run = end.by + " ends the run after " +
                          (end.by.rfind("--max-updates", 0) == 0 ? "" : "about ") + with_commas(updates) +
                          (updates == 1 ? " update" : " updates");
  if (end.updates < warmup) {
    return {run + ", within the warm-up of " + with_commas(options.warmup) + ": the learning rate rises to " +
            percent(end.updates / warmup) + " of --learning-rate only; give --warmup " +
            std::to_string(std::max<int64_t>(1, updates / 10)) + " or train longer"};
  }
  std::vector<std::string> warnings;
  if (2 * warmup > end.updates && options.warmup > 1)
    warnings.push_back(run + ", of which more than half are warm-up (--warmup " +
                       std::to_string(options.warmup) + "); a tenth is usual");
  const bool falls = options.schedule == Schedule::kLinear || options.schedule == Schedule::kCosine;
  if (const double share = falls ? share_of_peak(end.updates, options) : 0; share > kLowRate)
    warnings.push_back("--schedule " + name_of(options.schedule) + " falls to 0 at --max-updates " +
                       std::to_string(options.max_updates) + ", but " + run +
                       ", where the learning rate is still " + percent(share) +
                       " of its peak; give --max-updates " + std::to_string(updates));
  return warnings;
}

}  // namespace dragoman
