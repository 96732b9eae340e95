#include "training/loss_scale.h"

#include <algorithm>

namespace dragoman {

LossScale LossScale::after(bool skipped) const {
  if (skipped) return {std::max(1.0, value / 2), 0};
  if (age + 1 >= kGrowthInterval) return {value * 2, 0};
  return {value, age + 1};
}

}  // namespace dragoman
