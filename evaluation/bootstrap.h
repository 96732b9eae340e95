// How far a score would move with another test set of the same kind (Koehn 2004, "Statistical Significance
// Tests for Machine Translation Evaluation"): the segments are drawn anew with replacement, as many as there
// are, and scored, many times. The draws are sacreBLEU's.
#pragma once

#include <cstdint>
#include <vector>

#include "evaluation/metric.h"

namespace dragoman {

struct ConfidenceInterval {
  double mean;        // of the scores of all samples
  double half_width;  // half of what the middle 95 % of them span
};

// The score of each sample, in the order drawn. segments: what metric.statistics() gave for each; not empty.
// A function of its arguments alone: two systems with the same seed and number of segments are scored on the
// same samples.
std::vector<double> bootstrap_scores(const Metric& metric, const std::vector<Statistics>& segments,
                                     int64_t num_samples, uint64_t seed);

// scores: not empty.
ConfidenceInterval interval_of(std::vector<double> scores);

}  // namespace dragoman
