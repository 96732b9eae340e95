// TER, the translation edit rate (Snover et al. 2006), as sacreBLEU 2 computes it: the number of edits from
// the hypothesis to the nearest reference, in percent of the mean length of the references. Lower is better.
// It may exceed 100. See ter_edits.h for the edits.
#pragma once

#include "evaluation/metric.h"

namespace dragoman {

struct TerOptions {
  bool case_sensitive = false;
  bool normalized = false;
  bool no_punct = false;
  bool asian_support = false;  // normalized and no_punct also apply to Chinese and Japanese text

  OptionList describe();
};

class Ter : public Metric {
 public:
  explicit Ter(const TerOptions& options) : options_(options) {}

  std::string name() const override { return "TER"; }
  std::string signature() const override;
  // [edits, mean length of the references in words]
  Statistics statistics(const std::string& hypothesis, const StringList& references) const override;
  double score(const Statistics& sums) const override;

 private:
  std::string tokenized(const std::string& line) const;

  TerOptions options_;
};

}  // namespace dragoman
