#include "evaluation/paired_tests.h"

#include <gtest/gtest.h>

#include <cmath>

namespace dragoman {
namespace {

// The share of right segments, in percent.
class ShareRight : public Metric {
 public:
  std::string name() const override { return "share"; }
  std::string signature() const override { return "none:none"; }
  Statistics statistics(const std::string& hypothesis, const StringList& references) const override {
    return {hypothesis == references[0] ? 1.0 : 0.0, 1};
  }
  double score(const Statistics& sums) const override { return 100 * sums[0] / sums[1]; }
};

// `right` of `total` segments are right, from the first on.
std::vector<Statistics> system_with(size_t right, size_t total) {
  std::vector<Statistics> segments(total, Statistics{0, 1});
  for (size_t i = 0; i < right; ++i) segments[i][0] = 1;
  return segments;
}

TEST(ApproximateRandomisation, FindsNoDifferenceBetweenASystemAndItself) {
  const auto segments = system_with(30, 100);
  // No trial differs by more than 0: (0 + 1) / (trials + 1).
  EXPECT_DOUBLE_EQ(approximate_randomisation_p_value(ShareRight(), segments, segments, 99, 1), 0.01);
}

TEST(ApproximateRandomisation, IsTheBinomialProbabilityOfALargerDifference) {
  // They differ in 10 segments, all for the one. Mixed by coins, they differ by |10 - 2k|, k of 10: more than
  // 8 when k is 0 or 10 for a real difference of 8 (9 segments against 1).
  auto baseline = system_with(50, 100), system = baseline;
  for (size_t i = 50; i < 59; ++i) system[i][0] = 1;
  system[0][0] = 0;
  const double expected = 2 * std::pow(0.5, 10);
  const int64_t trials = 40'000;
  const double p = approximate_randomisation_p_value(ShareRight(), baseline, system, trials, 12345);
  EXPECT_NEAR(p, expected, 4 * std::sqrt(expected / trials));
}

TEST(ApproximateRandomisation, DoesNotCountTrialsThatDifferAsMuchAsTheRealSystems) {
  // One segment differs: every trial has the real difference.
  const auto baseline = system_with(1, 3), system = system_with(2, 3);
  EXPECT_DOUBLE_EQ(approximate_randomisation_p_value(ShareRight(), baseline, system, 199, 1), 1.0 / 200);
}

TEST(PairedBootstrap, CountsSamplesAboveTheRealDifferenceOnceShiftedToZero) {
  // |differences| 0, 2, 4, 10, shifted by their mean: -4, -2, 0, 6. Above 3: one. Above 6: none.
  const std::vector<double> baseline = {10, 10, 10, 10}, system = {10, 12, 6, 20};
  EXPECT_DOUBLE_EQ(paired_bootstrap_p_value(baseline, system, 3), 2.0 / 5);
  EXPECT_DOUBLE_EQ(paired_bootstrap_p_value(baseline, system, -3), 2.0 / 5);
  EXPECT_DOUBLE_EQ(paired_bootstrap_p_value(baseline, system, 6), 1.0 / 5);
}

}  // namespace
}  // namespace dragoman
