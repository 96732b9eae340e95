#include "evaluation/bleu.h"

#include <algorithm>
#include <cmath>

#include "core/log.h"
#include "evaluation/ngrams.h"
#include "evaluation/unicode_text.h"

namespace dragoman {
namespace {

constexpr size_t kMatches = 2, kTotals = kMatches + kBleuOrder;  // offsets in the statistics

// The value that Chen and Cherry 2014, "A Systematic Comparison of Smoothing Techniques for Sentence-Level
// BLEU", found best.
double default_value(SmoothMethod method) {
  return method == SmoothMethod::kAddK ? 1 : 0.1;
}

// The reference length closest to the hypothesis; the shorter one in a tie.
size_t closest_length(size_t hypothesis, const std::vector<ItemSequence>& sequences) {
  const auto distance = [&](size_t length) {
    return length < hypothesis ? hypothesis - length : length - hypothesis;
  };
  size_t closest = sequences[1].size();
  for (size_t s = 2; s < sequences.size(); ++s) {
    const size_t length = sequences[s].size();
    if (std::pair(distance(length), length) < std::pair(distance(closest), closest)) closest = length;
  }
  return closest;
}

int64_t clipped_matches(const NgramCounts& ngrams, size_t num_references) {
  int64_t matches = 0;
  for (size_t k = 0; k < ngrams.of(0).size(); ++k) {
    int32_t allowed = 0;
    for (size_t r = 1; r <= num_references; ++r) allowed = std::max(allowed, ngrams.of(r)[k]);
    matches += std::min(ngrams.of(0)[k], allowed);
  }
  return matches;
}

double brevity_penalty(double hypothesis_length, double reference_length) {
  if (hypothesis_length >= reference_length) return 1;
  return hypothesis_length > 0 ? std::exp(1 - reference_length / hypothesis_length) : 0;
}

}  // namespace

OptionList BleuOptions::describe() {
  return {option(tokenize, "tokenize", "NAME", "how BLEU splits a line into words").alias("tok"),
          option(tokenizer_model, "tokenizer-model", "PATH",
                 "for --tokenize: the SentencePiece model of flores200, flores101, spBLEU-1K and spm "
                 "(default: sacreBLEU's copy in ~/.sacrebleu/models), or the dictionary folder of ja-mecab "
                 "and ko-mecab (default: the folder of the system package)"),
          option(lowercase, "lowercase", "BLEU ignores case"),
          option(smooth_method, "smooth-method", "NAME", "how BLEU replaces a precision of zero"),
          option(smooth_value, "smooth-value", "X",
                 "value of the smoothing methods floor and add-k; negative: 0.1 and 1")};
}

Bleu::Bleu(const BleuOptions& options)
    : options_(options), tokenizer_(bleu_tokenizer(options.tokenize, options.tokenizer_model)) {
  smooth_value_ = options_.smooth_value < 0 ? default_value(options_.smooth_method) : options_.smooth_value;
}

std::string Bleu::signature() const {
  std::string smooth = name_of(options_.smooth_method);
  if (takes_value(options_.smooth_method)) smooth += "[" + fixed(smooth_value_, 2) + "]";
  return "case:" + std::string(options_.lowercase ? "lc" : "mixed") +
         "|eff:" + (options_.effective_order ? "yes" : "no") + "|tok:" + tokenizer_.signature +
         "|smooth:" + smooth;
}

std::string Bleu::tokenized(const std::string& line) const {
  if (!options_.lowercase) return tokenizer_(without_trailing_space(line));
  return tokenizer_(without_trailing_space(lower_case(line)));
}

Statistics Bleu::statistics(const std::string& hypothesis, const StringList& references) const {
  StringList lines = {tokenized(hypothesis)};
  for (const auto& reference : references) lines.push_back(tokenized(reference));
  WordNumbers words;
  std::vector<ItemSequence> sequences;
  for (const auto& line : lines) sequences.push_back(words.numbers(split_words(line)));

  Statistics result(kTotals + kBleuOrder);
  result[0] = sequences[0].size();
  result[1] = closest_length(sequences[0].size(), sequences);
  NgramCounts ngrams(std::move(sequences));
  for (size_t n = 0; n < kBleuOrder; ++n) {
    if (n > 0) ngrams.lengthen();
    result[kMatches + n] = clipped_matches(ngrams, references.size());
    result[kTotals + n] = ngrams.total(0);
  }
  return result;
}

// What add-k adds to the matches and to the n-grams of this order. Orders count from 0.
double Bleu::added_to(size_t order) const {
  return options_.smooth_method == SmoothMethod::kAddK && order > 0 ? smooth_value_ : 0;
}

std::array<double, kBleuOrder> Bleu::precisions(const Statistics& sums) const {
  std::array<double, kBleuOrder> result{};
  const auto* first_match = &sums[kMatches];
  if (std::all_of(first_match, first_match + kBleuOrder, [](double count) { return count == 0; }))
    return result;
  double halvings = 1;  // exp: the k-th order without a match counts as 1/2^k matches
  for (size_t n = 0; n < kBleuOrder; ++n) {
    const double matches = sums[kMatches + n] + added_to(n);
    const double total = sums[kTotals + n] + added_to(n);
    if (total == 0) break;
    if (matches > 0) {
      result[n] = 100 * matches / total;
    } else if (options_.smooth_method == SmoothMethod::kExp) {
      result[n] = 100 / ((halvings *= 2) * total);
    } else if (options_.smooth_method == SmoothMethod::kFloor) {
      result[n] = 100 * smooth_value_ / total;
    }
  }
  return result;
}

double Bleu::score(const Statistics& sums) const {
  const auto precisions_of_orders = precisions(sums);
  double log_sum = 0;
  size_t orders = 0;
  for (; orders < kBleuOrder; ++orders) {
    if (options_.effective_order && orders > 0 && sums[kTotals + orders] + added_to(orders) == 0) break;
    if (precisions_of_orders[orders] == 0) return 0;
    log_sum += std::log(precisions_of_orders[orders]);
  }
  return brevity_penalty(sums[0], sums[1]) * std::exp(log_sum / orders);
}

std::string Bleu::verbose(const Statistics& sums) const {
  std::string text;
  for (const double precision : precisions(sums)) text += (text.empty() ? "" : "/") + fixed(precision, 1);
  const double ratio = sums[1] > 0 ? sums[0] / sums[1] : 0;
  return text + " (BP = " + fixed(brevity_penalty(sums[0], sums[1]), 3) + " ratio = " + fixed(ratio, 3) +
         " hyp_len = " + fixed(sums[0], 0) + " ref_len = " + fixed(sums[1], 0) + ")";
}

}  // namespace dragoman
