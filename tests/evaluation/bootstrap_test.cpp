#include "evaluation/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>

namespace dragoman {
namespace {

// The share of ones, in percent: its spread over samples is known.
class Share : public Metric {
 public:
  std::string name() const override { return "share"; }
  std::string signature() const override { return "none:none"; }
  Statistics statistics(const std::string& hypothesis, const StringList& references) const override {
    return {hypothesis == references[0] ? 1.0 : 0.0, 1};
  }
  double score(const Statistics& sums) const override { return 100 * sums[0] / sums[1]; }
};

TEST(Bootstrap, EqualSegmentsHaveNoSpread) {
  const auto interval = interval_of(bootstrap_scores(Share(), std::vector<Statistics>(20, {1, 2}), 100, 1));
  EXPECT_DOUBLE_EQ(interval.mean, 50);
  EXPECT_DOUBLE_EQ(interval.half_width, 0);
}

TEST(Bootstrap, IntervalOfAShareIsThatOfTheBinomialDistribution) {
  std::vector<Statistics> segments(1000, Statistics{0, 1});
  for (size_t i = 0; i < 300; ++i) segments[i][0] = 1;
  const auto interval = interval_of(bootstrap_scores(Share(), segments, 4000, 12345));
  const double deviation = 100 * std::sqrt(0.3 * 0.7 / 1000);  // 1.449
  EXPECT_NEAR(interval.mean, 30, 4 * deviation / std::sqrt(4000.0));
  EXPECT_NEAR(interval.half_width, 1.96 * deviation, 0.1 * deviation);
}

TEST(Bootstrap, IsAFunctionOfItsSeed) {
  std::vector<Statistics> segments;
  for (int i = 0; i < 50; ++i) segments.push_back({static_cast<double>(i % 7), 7});
  const auto first = bootstrap_scores(Share(), segments, 200, 5);
  EXPECT_EQ(bootstrap_scores(Share(), segments, 200, 5), first);
  EXPECT_NE(bootstrap_scores(Share(), segments, 200, 6), first);
}

}  // namespace
}  // namespace dragoman
