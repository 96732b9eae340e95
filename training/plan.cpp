#include "training/plan.h"

#include <algorithm>
#include <cmath>

namespace dragoman {
namespace {

constexpr int64_t kFirstUpdates = 3;

std::string mebibytes(uint64_t bytes) {
  const double size = static_cast<double>(bytes) / (1 << 20);
  return (size < 10 ? fixed(size, 1) : with_commas(std::llround(size))) + " MiB";
}

std::string counted(int64_t number, const std::string& what) {
  return with_commas(number) + " " + what + (number == 1 ? "" : "s");
}

}  // namespace

void PlanWatcher::progressed(const TrainProgress& progress) {
  if (++seen_ <= kFirstUpdates) {
    since_ = progress.seconds;
    return;
  }
  ++plan_.updates;
  plan_.tokens += progress.target_tokens;
  plan_.seconds = progress.seconds - since_;
}

double TrainingPlan::updates_per_pass() const {
  const double tokens_per_update =
      static_cast<double>(tokens) / static_cast<double>(std::max<int64_t>(1, updates));
  return std::max(1.0, std::ceil(static_cast<double>(corpus_tokens) / std::max(1.0, tokens_per_update)));
}

TrainingPlan::End TrainingPlan::end() const {
  const double seconds_per_update = seconds / static_cast<double>(std::max<int64_t>(1, updates));
  End end{static_cast<double>(options.max_updates), 0,
          "--max-updates " + std::to_string(options.max_updates)};
  if (const double by_epochs = static_cast<double>(options.max_epochs) * updates_per_pass();
      options.max_epochs > 0 && by_epochs < end.updates)
    end.updates = by_epochs, end.by = "--max-epochs " + std::to_string(options.max_epochs);
  end.seconds = end.updates * seconds_per_update;
  if (options.max_time > 0 && options.max_time < end.seconds) {
    end.seconds = options.max_time, end.updates = std::floor(options.max_time / seconds_per_update);
    end.by = "--max-time";
  }
  return end;
}

uint64_t TrainingPlan::disk() const {
  // One checkpoint more while it is written, and the weights of the validations that are averaged.
  const auto checkpoints = static_cast<uint64_t>(options.keep_checkpoints) + 1;
  return model_bytes + checkpoints * checkpoint_bytes +
         static_cast<uint64_t>(options.average) * weights_bytes;
}

std::vector<std::string> TrainingPlan::lines() const {
  if (updates == 0) return {"nothing was measured: the run ended within its first updates"};
  const End last = end();
  const double pass = static_cast<double>(corpus_tokens) / tokens_per_second();
  return {
      "parameters: " + with_commas(parameters),
      "peak memory: " + mebibytes(peak_memory) + " (the process on the host)",
      "speed: " + with_commas(std::llround(tokens_per_second())) + " target tokens/s on " + device + " (" +
          counted(updates, "update") + " in " + fixed(seconds, 1) + " s, after the first " +
          std::to_string(kFirstUpdates) + ")",
      "a pass: " + counted(corpus_tokens, "target token") + ", " +
          counted(std::llround(updates_per_pass()), "update") + ", " + clock_text(pass),
      "to the end: " + counted(std::llround(last.updates), "update") + ", " +
          fixed(last.updates / updates_per_pass(), 1) + " passes, " + clock_text(last.seconds) + " by " +
          last.by + " (validations and checkpoints come on top; --early-stopping may end it sooner)",
      "disk: " + mebibytes(disk()) + " at most (the model " + mebibytes(model_bytes) + ", " +
          counted(options.keep_checkpoints + 1, "checkpoint") + " of " + mebibytes(checkpoint_bytes) +
          (options.average > 0 ? ", " + counted(options.average, "set") + " of weights to average" : "") +
          ")",
  };
}

}  // namespace dragoman
