#include "evaluation/ter.h"

#include <algorithm>
#include <string_view>

#include "evaluation/bleu_tokenizer.h"
#include "evaluation/ngrams.h"
#include "evaluation/ter_edits.h"
#include "evaluation/unicode_text.h"

namespace dragoman {
namespace {

// Tercom's normalisation, which is that of 13a but for line ends and the possessive.
std::string normalized_line(std::string text) {
  replace_all(text, "\n-", "");
  replace_all(text, "\n", " ");
  replace_all(text, "&quot;", "\"");
  replace_all(text, "&amp;", "&");
  replace_all(text, "&lt;", "<");
  replace_all(text, "&gt;", ">");
  text = set_ascii_symbols_apart(" " + text + " ");
  replace_all(text, "'s ", " 's ");
  return set_periods_commas_and_dashes_apart(text);
}

}  // namespace

OptionList TerOptions::describe() {
  return {option(case_sensitive, "ter-case-sensitive", "TER tells upper from lower case"),
          option(normalized, "ter-normalized", "TER sets punctuation apart"),
          option(no_punct, "ter-no-punct", "TER leaves punctuation out")};
}

std::string Ter::signature() const {
  return "case:" + std::string(options_.case_sensitive ? "mixed" : "lc") +
         "|tok:tercom|norm:" + (options_.normalized ? "yes" : "no") +
         "|punct:" + (options_.no_punct ? "no" : "yes") + "|asian:no";
}

std::string Ter::tokenized(const std::string& line) const {
  std::string text(without_trailing_space(line));
  if (!options_.case_sensitive) text = lower_case(text);
  if (options_.normalized) text = normalized_line(std::move(text));
  if (options_.no_punct) {
    std::erase_if(text,
                  [](char c) { return std::string_view(".,?:;!\"()").find(c) != std::string_view::npos; });
  }
  std::string joined;
  for (const std::string_view word : split_words(text)) {
    if (!joined.empty()) joined += ' ';
    joined += word;
  }
  return joined;
}

Statistics Ter::statistics(const std::string& hypothesis, const StringList& references) const {
  StringList lines = {tokenized(hypothesis)};
  for (const auto& reference : references) {
    lines.push_back(tokenized(reference));
    // sacreBLEU tokenises references twice. It shows only here: white space other than ' ' is ' ' by then,
    // and &amp;amp; is &.
    if (options_.normalized) lines.back() = tokenized(lines.back());
  }
  WordNumbers numbers;
  const ItemSequence hypothesis_words = numbers.numbers(split_words(lines[0]));
  int64_t fewest_edits = INT64_MAX, total_length = 0;
  for (size_t r = 1; r < lines.size(); ++r) {
    const ItemSequence reference_words = numbers.numbers(split_words(lines[r]));
    fewest_edits = std::min(fewest_edits, translation_edits(hypothesis_words, reference_words));
    total_length += static_cast<int64_t>(reference_words.size());
  }
  return {static_cast<double>(fewest_edits),
          static_cast<double>(total_length) / static_cast<double>(references.size())};
}

double Ter::score(const Statistics& sums) const {
  if (sums[1] > 0) return 100 * (sums[0] / sums[1]);
  return sums[0] > 0 ? 100 : 0;  // nothing to say, and something said or not
}

}  // namespace dragoman
