#include "evaluation/chrf.h"

#include <algorithm>
#include <string_view>

#include "core/utf8.h"
#include "evaluation/ngrams.h"
#include "evaluation/unicode_text.h"

namespace dragoman {
namespace {

ItemSequence characters(std::string_view line, bool with_white_space) {
  ItemSequence result;
  result.reserve(line.size());
  for (const char32_t c : to_code_points(line)) {
    if (with_white_space || !is_white_space(c)) result.push_back(c);
  }
  return result;
}

bool is_ascii_punctuation(char c) {
  return c > ' ' && c < 0x7F &&
         std::string_view("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~").find(c) != std::string_view::npos;
}

// chrF++.py's words: one punctuation mark of a word becomes a word, the last mark in preference to the first.
std::vector<std::string_view> words_and_marks(std::string_view line) {
  std::vector<std::string_view> result;
  for (const std::string_view word : split_words(line)) {
    const bool one_character = decode_code_point(word).length == std::ssize(word);
    if (!one_character && is_ascii_punctuation(word.back())) {
      result.push_back(word.substr(0, word.size() - 1));
      result.push_back(word.substr(word.size() - 1));
    } else if (!one_character && is_ascii_punctuation(word.front())) {
      result.push_back(word.substr(0, 1));
      result.push_back(word.substr(1));
    } else {
      result.push_back(word);
    }
  }
  return result;
}

// Appends the counts of orders 1..max_order for each reference. sequences[0] is the hypothesis.
void append_counts(std::vector<ItemSequence> sequences, int64_t max_order,
                   std::vector<Statistics>& statistics) {
  NgramCounts ngrams(std::move(sequences));
  for (int64_t n = 1; n <= max_order; ++n) {
    if (n > 1) ngrams.lengthen();
    for (size_t r = 1; r <= statistics.size(); ++r) {
      int64_t matches = 0;
      for (size_t k = 0; k < ngrams.of(0).size(); ++k) matches += std::min(ngrams.of(0)[k], ngrams.of(r)[k]);
      // The hypothesis is not penalised for an order that this reference is too short for.
      const int64_t hypothesis_total = ngrams.total(r) > 0 ? ngrams.total(0) : 0;
      for (const int64_t count : {hypothesis_total, ngrams.total(r), matches}) {
        statistics[r - 1].push_back(count);
      }
    }
  }
}

}  // namespace

OptionList ChrfOptions::describe() {
  return {
      option(char_order, "chrf-char-order", "N", "longest character n-grams of chrF")
          .at_least(1)
          .at_most(100),
      option(word_order, "chrf-word-order", "N", "longest word n-grams of chrF; 2 is chrF++")
          .at_least(0)
          .at_most(100),
      option(beta, "chrf-beta", "N", "weight of recall against precision in chrF").at_least(1).at_most(100),
      option(lowercase, "chrf-lowercase", "chrF ignores case"),
      option(whitespace, "chrf-whitespace", "chrF counts white space as characters"),
      option(eps_smoothing, "chrf-eps-smoothing",
             "chrF averages over all orders, as chrF++.py, NLTK and Moses do")};
}

Chrf::Chrf(const ChrfOptions& options) : options_(options) {}

std::string Chrf::name() const {
  return "chrF" + std::to_string(options_.beta) + std::string(options_.word_order, '+');
}

std::string Chrf::signature() const {
  return "case:" + std::string(options_.lowercase ? "lc" : "mixed") +
         "|eff:" + (options_.eps_smoothing ? "no" : "yes") + "|nc:" + std::to_string(options_.char_order) +
         "|nw:" + std::to_string(options_.word_order) + "|space:" + (options_.whitespace ? "yes" : "no");
}

Statistics Chrf::statistics(const std::string& hypothesis, const StringList& references) const {
  StringList lines = {hypothesis};
  lines.insert(lines.end(), references.begin(), references.end());
  if (options_.lowercase) std::transform(lines.begin(), lines.end(), lines.begin(), lower_case);

  std::vector<Statistics> statistics(references.size());
  std::vector<ItemSequence> sequences;
  for (const auto& line : lines)
    sequences.push_back(characters(without_trailing_space(line), options_.whitespace));
  append_counts(std::move(sequences), options_.char_order, statistics);
  if (options_.word_order > 0) {
    WordNumbers words;
    sequences.clear();
    for (const auto& line : lines) sequences.push_back(words.numbers(words_and_marks(line)));
    append_counts(std::move(sequences), options_.word_order, statistics);
  }
  const auto is_worse = [this](const Statistics& a, const Statistics& b) { return score(a) < score(b); };
  return *std::max_element(statistics.begin(), statistics.end(), is_worse);
}

double Chrf::score(const Statistics& sums) const {
  constexpr double kTiny = 1e-16;  // chrF++.py's
  const double factor = options_.beta * options_.beta;
  const auto f_score = [factor](double precision, double recall) {
    return (1 + factor) * precision * recall / (factor * precision + recall);
  };
  double f_sum = 0, precision_sum = 0, recall_sum = 0;
  int64_t shared_orders = 0;
  for (size_t i = 0; i < sums.size(); i += 3) {
    const double hypothesis = sums[i], reference = sums[i + 1], matches = sums[i + 2];
    const double precision = hypothesis > 0 ? matches / hypothesis : kTiny;
    const double recall = reference > 0 ? matches / reference : kTiny;
    f_sum += precision + recall > 0 ? f_score(precision, recall) : kTiny;
    if (hypothesis > 0 && reference > 0) {
      precision_sum += precision;
      recall_sum += recall;
      ++shared_orders;
    }
  }
  if (options_.eps_smoothing) return 100 * f_sum / (options_.char_order + options_.word_order);
  if (shared_orders == 0 || precision_sum + recall_sum == 0) return 0;
  return 100 * f_score(precision_sum / shared_orders, recall_sum / shared_orders);
}

}  // namespace dragoman
