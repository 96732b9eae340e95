#include "planning/schedule.h"

#include <algorithm>
#include <cmath>

namespace dragoman {

double learning_rate_at(int64_t update, const TrainingOptions& options, int64_t d_model) {
  const double step = std::max<int64_t>(1, update);
  const double warmup = std::max<int64_t>(1, options.warmup);
  const double rise = std::min(1.0, step / warmup);
  if (options.schedule == Schedule::kConstant) return options.learning_rate * rise;
  if (options.schedule == Schedule::kCosine || options.schedule == Schedule::kLinear) {
    const double last = std::max<double>(warmup + 1, options.max_updates);
    const double done = std::clamp((step - warmup) / (last - warmup), 0.0, 1.0);
    const double fall = options.schedule == Schedule::kLinear ? 1 - done : (1 + std::cos(M_PI * done)) / 2;
    return options.learning_rate * std::min(rise, fall);
  }
  const double shape = std::min(rise, std::sqrt(warmup / step));  // 1 at the peak
  if (options.schedule == Schedule::kNoam) return options.learning_rate * shape / std::sqrt(d_model * warmup);
  return options.learning_rate * shape;
}

}  // namespace dragoman
