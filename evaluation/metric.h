// The interface of BLEU, chrF and TER. Each metric counts something in every segment (a hypothesis and its
// references), sums the counts over the corpus, and computes one score from the sums. Bootstrap resampling
// needs this split.
#pragma once

#include <string>
#include <vector>

#include "core/options.h"

namespace dragoman {

// Counts of one segment, or their sums. All are integers, except TER's mean reference length.
using Statistics = std::vector<double>;

inline void add_to(Statistics& sums, const Statistics& segment) {
  for (size_t i = 0; i < sums.size(); ++i) sums[i] += segment[i];
}

// segments: not empty.
inline Statistics sum_of(const std::vector<Statistics>& segments) {
  Statistics sums(segments.front().size());
  for (const auto& segment : segments) add_to(sums, segment);
  return sums;
}

class Metric {
 public:
  virtual ~Metric() = default;

  virtual std::string name() const = 0;  // BLEU, chrF2, chrF2++, TER
  // The part between nrefs and version of sacreBLEU's signature: "case:mixed|eff:no|tok:13a|smooth:exp".
  virtual std::string signature() const = 0;

  // Both are valid UTF-8, with at least one reference.
  virtual Statistics statistics(const std::string& hypothesis, const StringList& references) const = 0;
  virtual double score(const Statistics& sums) const = 0;
  virtual std::string verbose(const Statistics& /*sums*/) const { return ""; }
};

}  // namespace dragoman
