// BLEU (Papineni et al. 2002, "BLEU: a Method for Automatic Evaluation of Machine Translation"), as
// sacreBLEU 2 computes it (Post 2018, "A Call for Clarity in Reporting BLEU Scores").
//
//   BLEU = 100 BP exp( sum over n = 1..4 of log(p_n) / 4 )
//   p_n  = clipped matches of n-grams / n-grams of the hypotheses
//   BP   = 1 if hypothesis length >= reference length, else exp(1 - reference length / hypothesis length)
//
// An n-gram matches at most as often as it occurs in the reference that has it most often. The reference
// length is the sum of the lengths of the closest references.
#pragma once

#include <array>

#include "evaluation/bleu_tokenizer.h"
#include "evaluation/metric.h"

namespace dragoman {

inline constexpr size_t kBleuOrder = 4;

// The replacement of a precision of zero (Chen and Cherry 2014, "A Systematic Comparison of Smoothing
// Techniques for Sentence-Level BLEU").
enum class SmoothMethod { kExp, kFloor, kAddK, kNone };
constexpr auto names_of(SmoothMethod) {
  return choice_names("exp", "floor", "add-k", "none");
}
// Whether --smooth-value applies.
constexpr bool takes_value(SmoothMethod method) {
  return method == SmoothMethod::kFloor || method == SmoothMethod::kAddK;
}

struct BleuOptions {
  Tokenization tokenize = Tokenization::k13a;
  std::string tokenizer_model = "";  // see bleu_tokenizer()
  bool lowercase = false;
  SmoothMethod smooth_method = SmoothMethod::kExp;
  double smooth_value = -1;  // negative: the method's own
  // Count only the orders that the hypotheses have n-grams of. For single lines, which may be short.
  bool effective_order = false;

  OptionList describe();
};

class Bleu : public Metric {
 public:
  explicit Bleu(const BleuOptions& options);  // UsageError: see bleu_tokenizer()

  std::string name() const override { return "BLEU"; }
  std::string signature() const override;
  // [hypothesis length, closest reference length, matches of orders 1..4, n-grams of orders 1..4]. Lengths
  // are in words.
  Statistics statistics(const std::string& hypothesis, const StringList& references) const override;
  double score(const Statistics& sums) const override;
  const BleuTokenizer& tokenizer() const { return tokenizer_; }
  // "p1/p2/p3/p4 (BP = 1.000 ratio = 1.026 hyp_len = 62880 ref_len = 61287)"
  std::string verbose(const Statistics& sums) const override;

 private:
  std::string tokenized(const std::string& line) const;
  double added_to(size_t order) const;
  std::array<double, kBleuOrder> precisions(const Statistics& sums) const;  // smoothed, in percent

  BleuOptions options_;
  BleuTokenizer tokenizer_;
  double smooth_value_;
};

}  // namespace dragoman
