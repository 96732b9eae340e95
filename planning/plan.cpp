#include "planning/plan.h"

#include <algorithm>
#include <cmath>

namespace dragoman {
namespace {

constexpr int64_t kFirstUpdates = 3, kFewestMeasured = 3;

std::string mebibytes(uint64_t bytes) {
  const double size = 1.0 * bytes / (1 << 20);
  return (size < 10 ? fixed(size, 1) : with_commas(std::llround(size))) + " MiB";
}

std::string counted(int64_t number, const std::string& what) {
  return with_commas(number) + " " + what + (number == 1 ? "" : "s");
}

}  // namespace

void PlanWatcher::progressed(const TrainProgress& progress) {
  marks_.push_back({progress.seconds, progress.target_tokens});
  const int64_t seen = std::ssize(marks_);
  plan_.first_updates = std::clamp<int64_t>(seen - kFewestMeasured, 0, kFirstUpdates);
  plan_.updates = seen - plan_.first_updates;
  plan_.tokens = 0;
  for (int64_t i = plan_.first_updates; i < seen; ++i) plan_.tokens += marks_[i].tokens;
  const double since = plan_.first_updates > 0 ? marks_[plan_.first_updates - 1].seconds : 0;
  plan_.seconds = progress.seconds - since;
}

double TrainingPlan::updates_per_pass() const {
  const double tokens_per_update = 1.0 * tokens / std::max<int64_t>(1, updates);
  return std::max(1.0, std::ceil(corpus_tokens / std::max(1.0, tokens_per_update)));
}

RunEnd TrainingPlan::end() const {
  return expected_end(options, updates_per_pass(), seconds / std::max<int64_t>(1, updates));
}

uint64_t TrainingPlan::disk() const {
  // One checkpoint more while it is written, and the weights of the validations that are averaged.
  const uint64_t checkpoints = options.keep_checkpoints + 1;
  return model_bytes + checkpoints * checkpoint_bytes + options.average * weights_bytes;
}

std::vector<std::string> TrainingPlan::lines() const {
  if (updates == 0) return {"nothing was measured: the run ended before its first update"};
  const RunEnd last = end();
  const double pass = corpus_tokens / tokens_per_second();
  std::vector<std::string> all = choice;
  const std::vector<std::string> measured = {
      "parameters: " + with_commas(parameters),
      "peak memory: " + mebibytes(peak_memory) + " (the process on the host)",
      "speed: " + with_commas(std::llround(tokens_per_second())) + " target tokens/s on " + device + " (" +
          counted(updates, "update") + " in " + fixed(seconds, 1) + " s" +
          (first_updates > 0 ? std::string(", after the first") +
                                   (first_updates > 1 ? " " + std::to_string(first_updates) : "")
                             : ", the first among them, which is slower") +
          ")",
      "one epoch: " + counted(corpus_tokens, "target token") + ", " +
          counted(std::llround(updates_per_pass()), "update") + ", " + clock_text(pass),
      "to the end: " + counted(std::llround(last.updates), "update") + ", " +
          fixed(last.updates / updates_per_pass(), 1) + " epochs, " + clock_text(last.seconds) + " by " +
          last.by + " (validations and checkpoints come on top; --early-stopping may end it sooner)",
      "disk: " + mebibytes(disk()) + " at most (the model " + mebibytes(model_bytes) + ", " +
          counted(options.keep_checkpoints + 1, "checkpoint") + " of " + mebibytes(checkpoint_bytes) +
          (options.average > 0 ? ", " + counted(options.average, "set") + " of weights to average" : "") +
          ")",
  };
  all.insert(all.end(), measured.begin(), measured.end());
  return all;
}

}  // namespace dragoman
