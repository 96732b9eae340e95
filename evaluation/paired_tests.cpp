#include "evaluation/paired_tests.h"

#include <cmath>
#include <numeric>

#include "core/interrupt.h"
#include "evaluation/numpy_random.h"

namespace dragoman {
namespace {

double p_value(double count, double trials) {
  return (count + 1) / (trials + 1);
}

}  // namespace

double paired_bootstrap_p_value(const std::vector<double>& baseline_scores,
                                const std::vector<double>& system_scores, double real_difference) {
  const size_t samples = baseline_scores.size();
  std::vector<double> differences(samples);
  for (size_t i = 0; i < samples; ++i) differences[i] = std::abs(system_scores[i] - baseline_scores[i]);
  const double mean = std::accumulate(differences.begin(), differences.end(), 0.0) / samples;
  int64_t count = 0;
  for (const double difference : differences) count += difference - mean > std::abs(real_difference) ? 1 : 0;
  return p_value(count, samples);
}

double approximate_randomisation_p_value(const Metric& metric, const std::vector<Statistics>& baseline,
                                         const std::vector<Statistics>& system, int64_t trials,
                                         uint64_t seed) {
  const Statistics baseline_sums = sum_of(baseline), system_sums = sum_of(system);
  const double real = std::abs(metric.score(baseline_sums) - metric.score(system_sums));
  // What an exchange of the segment takes from the system and gives to the baseline. The counts are integers,
  // and TER's reference length, which is not, is the same for both. The sums are therefore exact: a trial
  // that exchanges everything has exactly the real difference.
  std::vector<Statistics> exchanges = system;
  for (size_t i = 0; i < exchanges.size(); ++i) {
    for (size_t k = 0; k < exchanges[i].size(); ++k) exchanges[i][k] -= baseline[i][k];
  }
  NumpyRandom random(seed);
  int64_t count = 0;
  for (int64_t trial = 0; trial < trials; ++trial) {
    throw_if_interrupted();
    Statistics moved(baseline_sums.size());
    for (const auto& exchange : exchanges) {
      if (!random.coin()) add_to(moved, exchange);
    }
    Statistics first = baseline_sums, second = system_sums;
    add_to(first, moved);
    for (size_t k = 0; k < second.size(); ++k) second[k] -= moved[k];
    count += std::abs(metric.score(first) - metric.score(second)) > real ? 1 : 0;
  }
  return p_value(count, trials);
}

}  // namespace dragoman
