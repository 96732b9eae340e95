#include "evaluation/unicode_text.h"

#include <algorithm>
#include <span>

#include "core/utf8.h"
#include "evaluation/unicode_tables.h"

namespace dragoman {
namespace {

constexpr char32_t kCapitalSigma = 0x3A3, kFinalSigma = 0x3C2;
constexpr char32_t kCapitalDottedI = 0x130, kCombiningDotAbove = 0x307;

// The range that contains this code point, or null.
template <typename Range, size_t N>
const Range* range_of(const Range (&table)[N], char32_t c) {
  const std::span<const Range> ranges(table);
  const auto after = std::upper_bound(ranges.begin(), ranges.end(), c,
                                      [](char32_t value, const Range& range) { return value < range.first; });
  if (after == ranges.begin() || c > (after - 1)->last) return nullptr;
  return &*(after - 1);
}

char32_t lower_code_point(char32_t c) {
  const LowerCaseRange* range = range_of(kLowerCase, c);
  if (!range || (c - range->first) % range->step != 0) return c;
  return c + range->shift;
}

// A capital sigma ends a word when a cased letter precedes it and none follows it. Marks and apostrophes in
// between are skipped (The Unicode Standard, section 3.13, Final_Sigma).
bool ends_a_word(const std::u32string& text, size_t sigma) {
  size_t before = sigma;
  while (before > 0 && range_of(kCaseIgnorable, text[before - 1])) --before;
  if (before == 0 || !range_of(kCased, text[before - 1])) return false;
  size_t after = sigma + 1;
  while (after < text.size() && range_of(kCaseIgnorable, text[after])) ++after;
  return after == text.size() || !range_of(kCased, text[after]);
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Where the last code point of `text` begins; text is not empty.
size_t last_code_point(std::string_view text) {
  size_t begin = text.size() - 1;
  while (begin > 0 && text.size() - begin < 4 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80)
    --begin;
  return begin;
}

}  // namespace

std::string lower_case(std::string_view text) {
  if (is_ascii(text)) {
    std::string result(text);
    for (char& c : result) {
      if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
    }
    return result;
  }
  const std::u32string code_points = to_code_points(text);
  std::string result;
  result.reserve(text.size());
  for (size_t i = 0; i < code_points.size(); ++i) {
    if (code_points[i] == kCapitalDottedI) {
      append_utf8(result, U'i');
      append_utf8(result, kCombiningDotAbove);
    } else if (code_points[i] == kCapitalSigma && ends_a_word(code_points, i)) {
      append_utf8(result, kFinalSigma);
    } else {
      append_utf8(result, lower_code_point(code_points[i]));
    }
  }
  return result;
}

std::string_view without_trailing_space(std::string_view text) {
  while (!text.empty()) {
    const size_t begin = last_code_point(text);
    if (!is_white_space(decode_code_point(text.substr(begin)).value)) break;
    text = text.substr(0, begin);
  }
  return text;
}

std::string_view without_space_around(std::string_view text) {
  text = without_trailing_space(text);
  while (!text.empty()) {
    const DecodedCodePoint first = decode_code_point(text);
    if (!is_white_space(first.value)) break;
    text.remove_prefix(first.length);
  }
  return text;
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  size_t word_begin = 0;
  for (size_t i = 0; i < text.size();) {
    const DecodedCodePoint next = decode_code_point(text.substr(i));
    const size_t end = i + next.length;
    if (is_white_space(next.value)) {
      if (i > word_begin) words.push_back(text.substr(word_begin, i - word_begin));
      word_begin = end;
    }
    i = end;
  }
  if (text.size() > word_begin) words.push_back(text.substr(word_begin));
  return words;
}

bool is_punctuation(char32_t code_point) {
  return range_of(kPunctuation, code_point) != nullptr;
}
bool is_symbol(char32_t code_point) {
  return range_of(kSymbols, code_point) != nullptr;
}
bool is_number(char32_t code_point) {
  return range_of(kNumbers, code_point) != nullptr;
}

}  // namespace dragoman
