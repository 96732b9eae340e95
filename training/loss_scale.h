// Dynamic loss scaling for float16 (Micikevicius et al. 2018, section 3.2): the scale is halved when a
// gradient is not finite, and doubled after many updates without one.
#pragma once

#include <cstdint>

namespace dragoman {

struct LossScale {
  static constexpr double kFirst = 32768;
  static constexpr int64_t kGrowthInterval = 2000;  // updates

  double value = kFirst;  // a power of two, at least 1
  int64_t age = 0;        // updates since it changed

  // The scale after an update, which was skipped when its gradient was not finite.
  LossScale after(bool skipped) const;
};

}  // namespace dragoman
