#include "evaluation/unicode_text.h"

#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/uchar.h>

#include <stdexcept>

#include "core/utf8.h"

namespace dragoman {
namespace {

// Where the last code point of `text` begins; text is not empty.
size_t last_code_point(std::string_view text) {
  size_t begin = text.size() - 1;
  while (begin > 0 && text.size() - begin < 4 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80)
    --begin;
  return begin;
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string result;
  icu::StringByteSink<std::string> sink(&result, static_cast<int32_t>(text.size()));
  UErrorCode status = U_ZERO_ERROR;
  icu::CaseMap::utf8ToLower("", 0, {text.data(), static_cast<int32_t>(text.size())}, sink, nullptr, status);
  if (U_FAILURE(status)) throw std::runtime_error("lower_case: ICU: " + std::string(u_errorName(status)));
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
  return (U_GET_GC_MASK(static_cast<UChar32>(code_point)) & U_GC_P_MASK) != 0;
}
bool is_symbol(char32_t code_point) {
  return (U_GET_GC_MASK(static_cast<UChar32>(code_point)) & U_GC_S_MASK) != 0;
}
bool is_number(char32_t code_point) {
  return (U_GET_GC_MASK(static_cast<UChar32>(code_point)) & U_GC_N_MASK) != 0;
}

}  // namespace dragoman
