// Whether two searches found the same.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "decoding/search_options.h"

namespace dragoman {

// The same scores at the same ranks, and the same texts with them; texts whose scores are within rounding of
// each other may change places.
inline void expect_same_hypotheses(const std::vector<Hypothesis>& given,
                                   const std::vector<Hypothesis>& expected, const std::string& where) {
  ASSERT_EQ(given.size(), expected.size()) << where;
  for (size_t i = 0; i < given.size(); ++i) {
    EXPECT_NEAR(given[i].score, expected[i].score, 3e-5) << where << ", rank " << i;
    const auto text = std::find_if(expected.begin(), expected.end(),
                                   [&](const Hypothesis& other) { return other.ids == given[i].ids; });
    ASSERT_NE(text, expected.end()) << where << ", rank " << i << ": a text that was not expected";
    EXPECT_NEAR(given[i].score, text->score, 3e-5) << where << ", rank " << i;
    EXPECT_NEAR(given[i].log_probability, text->log_probability, 3e-4) << where << ", rank " << i;
    EXPECT_EQ(given[i].complete, text->complete) << where << ", rank " << i;
  }
}

// The same bits.
inline bool identical(const std::vector<Hypothesis>& a, const std::vector<Hypothesis>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Hypothesis& x, const Hypothesis& y) {
    return x.ids == y.ids && x.score == y.score && x.log_probability == y.log_probability;
  });
}

}  // namespace dragoman
