#include "evaluation/ter.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/utf8.h"
#include "evaluation/bleu_tokenizer.h"
#include "evaluation/ngrams.h"
#include "evaluation/ter_edits.h"
#include "evaluation/unicode_text.h"

namespace dragoman {
namespace {

// Tercom's normalisation, which is that of 13a except for line ends and the possessive.
std::string normalized_line(std::string text) {
  replace_all(text, "\n-", "");
  replace_all(text, "\n", " ");
  replace_all(text, "&quot;", "\"");
  replace_all(text, "&amp;", "&");
  replace_all(text, "&lt;", "<");
  replace_all(text, "&gt;", ">");
  text = separate_ascii_symbols(" " + text + " ");
  replace_all(text, "'s ", " 's ");
  return separate_periods_commas_and_dashes(text);
}

using Range = std::pair<char32_t, char32_t>;

template <size_t N>
bool is_in(const Range (&ranges)[N], char32_t c) {
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [c](const Range& range) { return c >= range.first && c <= range.second; });
}

// sacreBLEU's lists. Its "Enclosed CJK letters and months" reach U+3F22, not U+32FF. Its patterns for kana
// match only a line that is one run of kana, where separating it changes nothing.
constexpr Range kAsianCharacters[] = {{0x4E00, 0x9FFF}, {0x3400, 0x4DBF}, {0x31C0, 0x31EF}, {0x2E80, 0x2EFF},
                                      {0x3300, 0x33FF}, {0xF900, 0xFAFF}, {0xFE30, 0xFE4F}};
constexpr Range kMonths[] = {{0x3200, 0x3F22}};
constexpr Range kAsianPunctuation[] = {{0x3001, 0x3002}, {0x3008, 0x3011}, {0x3014, 0x301F}, {0xFF61, 0xFF65},
                                       {0x30FB, 0x30FB}, {0xFF0E, 0xFF0E}, {0xFF0C, 0xFF0C}, {0xFF1F, 0xFF1F},
                                       {0xFF1A, 0xFF1B}, {0xFF01, 0xFF02}, {0xFF08, 0xFF09}};

// Extra spaces between words do not matter later.
std::string with_separate_asian_characters(std::string_view text) {
  std::string result;
  for (const char32_t c : to_code_points(text)) {
    const bool separate = is_in(kAsianCharacters, c) || is_in(kMonths, c) || is_in(kAsianPunctuation, c);
    if (separate) result += ' ';
    append_utf8(result, c);
    if (separate) result += ' ';
  }
  return result;
}

std::string without_asian_punctuation(std::string_view text) {
  std::string result;
  for (const char32_t c : to_code_points(text)) {
    if (!is_in(kAsianPunctuation, c)) append_utf8(result, c);
  }
  return result;
}

}  // namespace

OptionList TerOptions::describe() {
  return {option(case_sensitive, "ter-case-sensitive", "TER distinguishes upper and lower case"),
          option(normalized, "ter-normalized", "TER separates punctuation"),
          option(no_punct, "ter-no-punct", "TER removes punctuation"),
          option(asian_support, "ter-asian-support",
                 "--ter-normalized also separates Chinese characters, and --ter-no-punct also removes Asian "
                 "punctuation")};
}

std::string Ter::signature() const {
  return "case:" + std::string(options_.case_sensitive ? "mixed" : "lc") +
         "|tok:tercom|norm:" + (options_.normalized ? "yes" : "no") +
         "|punct:" + (options_.no_punct ? "no" : "yes") + "|asian:" + (options_.asian_support ? "yes" : "no");
}

std::string Ter::tokenized(const std::string& line) const {
  std::string text(without_trailing_space(line));
  if (!options_.case_sensitive) text = lower_case(text);
  if (options_.normalized) text = normalized_line(std::move(text));
  if (options_.normalized && options_.asian_support) text = with_separate_asian_characters(text);
  if (options_.no_punct) {
    std::erase_if(text,
                  [](char c) { return std::string_view(".,?:;!\"()").find(c) != std::string_view::npos; });
  }
  if (options_.no_punct && options_.asian_support) text = without_asian_punctuation(text);
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
    // sacreBLEU tokenises references twice. Only normalisation shows the effect: the second pass turns
    // &amp;amp; into & and sees every white space as ' '.
    if (options_.normalized) lines.back() = tokenized(lines.back());
  }
  WordNumbers numbers;
  const ItemSequence hypothesis_words = numbers.numbers(split_words(lines[0]));
  int64_t fewest_edits = INT64_MAX;
  double total_length = 0;
  for (size_t r = 1; r < lines.size(); ++r) {
    const ItemSequence reference_words = numbers.numbers(split_words(lines[r]));
    fewest_edits = std::min(fewest_edits, translation_edits(hypothesis_words, reference_words));
    total_length += reference_words.size();
  }
  Statistics result(2);
  result[0] = fewest_edits;
  result[1] = total_length / references.size();
  return result;
}

double Ter::score(const Statistics& sums) const {
  if (sums[1] > 0) return 100 * (sums[0] / sums[1]);
  return sums[0] > 0 ? 100 : 0;  // an empty reference
}

}  // namespace dragoman
