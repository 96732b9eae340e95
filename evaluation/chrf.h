// chrF (Popović 2015, "chrF: character n-gram F-score for automatic MT evaluation") and chrF++ (Popović 2017,
// "chrF++: words helping character n-grams"), as sacreBLEU 2 computes them.
//
//   chrF = 100 (1 + beta^2) P R / (beta^2 P + R)
//   P, R: precision and recall of n-grams, averaged over the orders that both sides have
//
// Of several references, the one with the best score counts.
#pragma once

#include "evaluation/metric.h"

namespace dragoman {

struct ChrfOptions {
  int64_t char_order = 6;
  int64_t word_order = 0;  // 2 makes it chrF++
  int64_t beta = 2;        // recall weighs beta times as much as precision
  bool lowercase = false;
  bool whitespace = false;
  bool eps_smoothing = false;  // every order counts, as in chrF++.py, NLTK and Moses

  OptionList describe();
};

class Chrf : public Metric {
 public:
  explicit Chrf(const ChrfOptions& options);

  std::string name() const override;
  std::string signature() const override;
  // For each order: [n-grams of the hypothesis, n-grams of the reference, matches]. Characters come first,
  // then words.
  Statistics statistics(const std::string& hypothesis, const StringList& references) const override;
  double score(const Statistics& sums) const override;

 private:
  ChrfOptions options_;
};

}  // namespace dragoman
