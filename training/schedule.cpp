#include "training/schedule.h"

#include <algorithm>
#include <cmath>

namespace dragoman {

double learning_rate_at(int64_t update, const TrainingOptions& options, int64_t d_model) {
  const auto step = static_cast<double>(std::max<int64_t>(1, update));
  const auto warmup = static_cast<double>(std::max<int64_t>(1, options.warmup));
  const double rise = std::min(1.0, step / warmup);
  if (options.schedule == "constant") return options.learning_rate * rise;
  const double shape = std::min(rise, std::sqrt(warmup / step));  // 1 at the peak
  if (options.schedule == "noam")
    return options.learning_rate * shape / std::sqrt(static_cast<double>(d_model) * warmup);
  return options.learning_rate * shape;
}

}  // namespace dragoman
