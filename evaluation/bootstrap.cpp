#include "evaluation/bootstrap.h"

#include <algorithm>
#include <numeric>

#include "core/interrupt.h"
#include "evaluation/numpy_random.h"

namespace dragoman {

std::vector<double> bootstrap_scores(const Metric& metric, const std::vector<Statistics>& segments,
                                     int64_t num_samples, uint64_t seed) {
  NumpyRandom random(seed);
  std::vector<double> scores;
  for (int64_t sample = 0; sample < num_samples; ++sample) {
    throw_if_interrupted();
    Statistics sums(segments.front().size());
    for (size_t draw = 0; draw < segments.size(); ++draw)
      add_to(sums, segments[random.below(segments.size())]);
    scores.push_back(metric.score(sums));
  }
  return scores;
}

ConfidenceInterval interval_of(std::vector<double> scores) {
  std::sort(scores.begin(), scores.end());
  const size_t cut = scores.size() / 40;  // 2.5 % on each side
  const double mean = std::accumulate(scores.begin(), scores.end(), 0.0) / scores.size();
  return {mean, (scores[scores.size() - 1 - cut] - scores[cut]) / 2};
}

}  // namespace dragoman
