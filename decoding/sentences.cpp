#include "decoding/sentences.h"

#include <stdexcept>

#ifdef DRAGOMAN_HAS_ICU
#include <unicode/brkiter.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <memory>

#include "decoding/abbreviations.h"
#endif

namespace dragoman {

#ifndef DRAGOMAN_HAS_ICU

bool can_split_sentences() {
  return false;
}
std::vector<std::string> split_sentences(std::string_view) {
  throw std::logic_error("split_sentences: this program was built without ICU");
}

#else

namespace {

using icu::UnicodeString;

constexpr UChar kKhan = 0x17D4;  // the full stop of Khmer

bool is_space(UChar32 c) {
  return u_isUWhiteSpace(c) != 0;
}
bool is_letter(UChar32 c) {
  return u_isUAlphabetic(c) != 0;
}
// Opening and closing quotes and brackets, and the marks at the beginning of a Spanish sentence.
bool is_quote(UChar32 c) {
  const auto kind = u_charType(c);
  return kind == U_START_PUNCTUATION || kind == U_END_PUNCTUATION || kind == U_INITIAL_PUNCTUATION ||
         kind == U_FINAL_PUNCTUATION || c == '"' || c == '\'' || c == 0xBF || c == 0xA1;
}

// A possible boundary between two sentences.
struct Boundary {
  const UnicodeString& text;
  int32_t begin;  // of the sentence
  int32_t at;     // where the next one begins

  // Moves backwards from `from` over all characters for which `skip` is true.
  template <typename Skip>
  int32_t back_over(int32_t from, const Skip& skip) const {
    while (from > begin && skip(text.char32At(text.moveIndex32(from, -1)))) from = text.moveIndex32(from, -1);
    return from;
  }
  // The end of the mark that ends the sentence, the last character that is neither space nor quote.
  int32_t end_of_mark() const {
    return back_over(at, [](UChar32 c) { return is_space(c) || is_quote(c); });
  }
  UChar32 mark() const {
    const int32_t end = end_of_mark();
    return end > begin ? text.char32At(text.moveIndex32(end, -1)) : 0;
  }
  // The first character of the next sentence that is neither quote nor space.
  int32_t next() const {
    int32_t i = at;
    while (i < text.length() && (is_space(text.char32At(i)) || is_quote(text.char32At(i))))
      i = text.moveIndex32(i, 1);
    return i;
  }
};

std::string lower_utf8(UnicodeString word) {
  std::string utf8;
  word.toLower(icu::Locale::getRoot()).toUTF8String(utf8);
  return utf8;
}

UnicodeString word_at(const UnicodeString& text, int32_t begin) {
  int32_t end = begin;
  while (end < text.length() && is_letter(text.char32At(end))) end = text.moveIndex32(end, 1);
  return UnicodeString(text, begin, end - begin);
}

// The word before the spaces before `at`.
UnicodeString word_before(const UnicodeString& text, int32_t begin, int32_t at) {
  const Boundary place{text, begin, at};
  const int32_t end = place.back_over(at, is_space);
  return {text, place.back_over(end, is_letter), end - place.back_over(end, is_letter)};
}

// "z.B", "U.S", "m.in", "т.е": short parts between full stops.
bool has_inner_stops(const UnicodeString& word) {
  int32_t part = 0, parts = 0;
  for (int32_t i = 0; i <= word.length(); ++i) {
    if (i < word.length() && word[i] != u'.') {
      if (!is_letter(word[i])) return false;
      ++part;
      continue;
    }
    if (part == 0 || part > (parts == 0 ? 2 : 3)) return false;
    ++parts, part = 0;
  }
  return parts > 1;
}

// Whether the full stop belongs to the word before it.
bool is_abbreviated(const Boundary& boundary) {
  const int32_t stop = boundary.text.moveIndex32(boundary.end_of_mark(), -1);
  const int32_t begin =
      boundary.back_over(stop, [](UChar32 c) { return !is_space(c) && (!is_quote(c) || c == '\''); });
  UnicodeString word(boundary.text, begin, stop - begin);
  if (const int32_t elided = word.lastIndexOf(u'\''); elided > 0) word.remove(0, elided + 1);  // L'avv. Rossi
  if (word.isEmpty()) return false;
  const UChar32 first = word.char32At(0);
  const bool one = word.countChar32() == 1;
  if (one && is_letter(first) && u_hasBinaryProperty(first, UCHAR_IDEOGRAPHIC) == 0)
    return true;  // an initial
  if (has_inner_stops(word)) return true;
  const int32_t next = boundary.next();
  const UChar32 following = next < boundary.text.length() ? boundary.text.char32At(next) : 0;
  const std::string lower = lower_utf8(word);
  if (u_isdigit(following) && is_abbreviation_before_number(lower)) return true;
  const bool ordinal = word.countChar32() <= 2 && u_isdigit(first) && u_isdigit(word[word.length() - 1]);
  if (ordinal && is_month(lower_utf8(word_at(boundary.text, next)))) return true;
  if (ordinal && is_before_ordinal(lower_utf8(word_before(boundary.text, boundary.begin, begin))))
    return true;
  return is_abbreviation(lower);
}

// Whether the mark ends only a quotation, and a Japanese particle continues the sentence:
// 「行く。」と言った。
bool is_inside_quoted_sentence(const Boundary& boundary) {
  const UChar32 before = boundary.text.char32At(boundary.text.moveIndex32(boundary.at, -1));
  const UChar32 following = boundary.text.char32At(boundary.at);
  return is_quote(before) && u_getIntPropertyValue(following, UCHAR_SCRIPT) == USCRIPT_HIRAGANA;
}

// Whether a boundary of Unicode's rules is also one here.
bool is_kept(const Boundary& boundary) {
  const int32_t next = boundary.next();
  if (next >= boundary.text.length()) return true;
  const UChar32 mark = boundary.mark(),
                before = boundary.text.char32At(boundary.text.moveIndex32(boundary.at, -1));
  if (is_inside_quoted_sentence(boundary) || (mark == '.' && next == boundary.at && !is_space(before)))
    return false;
  if ((mark == '!' || mark == '?') && !is_space(before) && boundary.text.char32At(next) < 0x80)
    return false;  // example.com/a?B=c
  const bool latin_mark = mark == '.' || mark == '!' || mark == '?' || mark == 0x2026;
  if (latin_mark && u_isULowercase(boundary.text.char32At(next))) return false;  // "Go!" he said.
  return mark != '.' || !is_abbreviated(boundary);
}

// Whether there is a boundary that Unicode's rules do not have: after an ellipsis before a capital, after the
// Greek question mark, between a year and a number, and after the Khmer full stop.
bool is_missing(const UnicodeString& text, int32_t mark, int32_t next) {
  const UChar32 c = text.char32At(mark), first = text.char32At(next);
  const UChar32 before = mark > 0 ? text.char32At(text.moveIndex32(mark, -1)) : 0;
  if (c == 0x2026) return u_isUUppercase(first) || u_istitle(first);
  const auto is_greek = [](UChar32 letter) {
    return u_getIntPropertyValue(letter, UCHAR_SCRIPT) == USCRIPT_GREEK;
  };
  if (c == ';' || c == 0x37E) return is_greek(before) && is_greek(first) && u_isUUppercase(first);
  if (c == kKhan) return true;
  const auto digit = [&](int32_t i) { return i >= 0 && u_isdigit(text[i]); };
  return c == '.' && u_isdigit(first) && digit(mark - 1) && digit(mark - 2) && digit(mark - 3);
}

std::vector<int32_t> boundaries_of(const UnicodeString& text) {
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::BreakIterator> iterator(
      icu::BreakIterator::createSentenceInstance(icu::Locale::getRoot(), status));
  if (U_FAILURE(status))
    throw std::runtime_error("split_sentences: ICU has no sentence rules: " +
                             std::string(u_errorName(status)));
  iterator->setText(text);
  std::vector<int32_t> boundaries;
  for (int32_t at = iterator->next(); at != icu::BreakIterator::DONE; at = iterator->next())
    boundaries.push_back(at);
  for (int32_t i = 0; i + 2 < text.length(); ++i) {
    if ((text[i] != kKhan && text[i] != 0x2026 && text[i] != ';' && text[i] != 0x37E && text[i] != '.') ||
        !is_space(text[i + 1]))
      continue;
    int32_t next = i + 1;
    while (next < text.length() && is_space(text.char32At(next))) next = text.moveIndex32(next, 1);
    if (next < text.length() && is_missing(text, i, next)) boundaries.push_back(next);
  }
  std::sort(boundaries.begin(), boundaries.end());
  return boundaries;
}

std::string trimmed_utf8(const UnicodeString& text, int32_t begin, int32_t end) {
  while (begin < end && is_space(text.char32At(begin))) begin = text.moveIndex32(begin, 1);
  while (end > begin && is_space(text.char32At(text.moveIndex32(end, -1)))) end = text.moveIndex32(end, -1);
  std::string utf8;
  UnicodeString(text, begin, end - begin).toUTF8String(utf8);
  return utf8;
}

}  // namespace

bool can_split_sentences() {
  return true;
}

std::vector<std::string> split_sentences(std::string_view utf8) {
  const auto text = UnicodeString::fromUTF8(icu::StringPiece(utf8.data(), static_cast<int32_t>(utf8.size())));
  std::vector<std::string> sentences;
  int32_t begin = 0;
  for (const int32_t at : boundaries_of(text)) {
    if (at <= begin || !is_kept({text, begin, at})) continue;
    if (auto sentence = trimmed_utf8(text, begin, at); !sentence.empty())
      sentences.push_back(std::move(sentence));
    begin = at;
  }
  if (auto rest = trimmed_utf8(text, begin, text.length()); !rest.empty())
    sentences.push_back(std::move(rest));
  return sentences;
}

#endif

}  // namespace dragoman
