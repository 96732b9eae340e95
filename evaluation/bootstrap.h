// How much a score would vary with another test set of the same kind (Koehn 2004, "Statistical Significance
// Tests for Machine Translation Evaluation"). Each sample takes as many segments as there are, with
// replacement, and is scored. The samples are sacreBLEU's.
#pragma once

#include <cstdint>
#include <vector>

#include "evaluation/metric.h"

namespace dragoman {

struct ConfidenceInterval {
  double mean;        // of the scores of all samples
  double half_width;  // half the width of the interval that holds the middle 95 % of them
};

// The score of each sample, in order. segments: the result of metric.statistics() for each; not empty.
// A function of its arguments only: two systems with the same seed and number of segments are scored on the
// same samples.
std::vector<double> bootstrap_scores(const Metric& metric, const std::vector<Statistics>& segments,
                                     int64_t num_samples, uint64_t seed);

// scores: not empty.
ConfidenceInterval interval_of(std::vector<double> scores);

}  // namespace dragoman
