// The learning rate by update (Vaswani et al. 2017, section 5.3, equation 3): it rises linearly for `warmup`
// updates, then falls with the inverse square root of the update; or, as half a cosine (Loshchilov and Hutter
// 2017, equation 5, one period) or a line, to zero at the last update.
#pragma once

#include <cstdint>

#include "planning/training_options.h"

namespace dragoman {

// update: 1 for the first. d_model is used by noam alone: factor * D^-1/2 * min(update^-1/2, update *
// warmup^-3/2).
double learning_rate_at(int64_t update, const TrainingOptions& options, int64_t d_model);

}  // namespace dragoman
