// Error rates of short outputs, such as one pronunciation or name per line. Lower is better.
//
//   SER = 100 lines that equal none of their references / lines
//   PER = 100 edits that make the hypothesis its nearest reference / tokens of that reference
//
// SER is the sentence error rate of speech recognition. Where a line is the pronunciation of a word, as in
// CMUdict, papers call SER the word error rate. With one phoneme per token, PER is the phoneme error rate.
#pragma once

#include "evaluation/metric.h"

namespace dragoman {

// Both rates compare the words between white space. An empty reference is ignored if another one has text:
// files of several references have blank lines where a line has fewer references.
class SentenceErrorRate : public Metric {
 public:
  std::string name() const override { return "SER"; }
  std::string signature() const override { return "case:mixed"; }
  // [lines that differ, lines]
  Statistics statistics(const std::string& hypothesis, const StringList& references) const override;
  double score(const Statistics& sums) const override;
  std::string verbose(const Statistics& sums) const override;  // "(852 of 2507 lines)"
};

class TokenErrorRate : public Metric {
 public:
  std::string name() const override { return "PER"; }
  std::string signature() const override { return "case:mixed|tok:none"; }
  // [edits, tokens of the nearest reference]
  Statistics statistics(const std::string& hypothesis, const StringList& references) const override;
  double score(const Statistics& sums) const override;
  std::string verbose(const Statistics& sums) const override;  // "(1024 edits of 15830 tokens)"
};

}  // namespace dragoman
