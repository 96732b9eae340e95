// Whether two systems differ on a test set by more than chance: the two paired tests of sacreBLEU 2. Both
// estimate how often a difference as large as the real one occurs if the two systems are equally good. That
// share is the p-value, (count + 1) / (trials + 1), which is never 0.
#pragma once

#include <cstdint>
#include <vector>

#include "evaluation/metric.h"

namespace dragoman {

// Paired bootstrap resampling (Koehn 2004). The arguments are the two systems' scores of the same samples
// (bootstrap.h). The differences of the samples, shifted to a mean of 0, show the effect of chance. The test
// counts those above the real difference.
double paired_bootstrap_p_value(const std::vector<double>& baseline_scores,
                                const std::vector<double>& system_scores, double real_difference);

// Approximate randomisation (Riezler and Maxwell 2005, "On Some Pitfalls in Automatic Evaluation and
// Significance Testing for MT"). In each trial, a coin decides for each segment whether the two systems
// exchange it. The test counts the trials in which the two mixed systems differ by more than the real ones.
// Both systems have the same number of segments, at least one.
double approximate_randomisation_p_value(const Metric& metric, const std::vector<Statistics>& baseline,
                                         const std::vector<Statistics>& system, int64_t trials,
                                         uint64_t seed);

}  // namespace dragoman
