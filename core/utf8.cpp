#include "core/utf8.h"

#include <cstring>

namespace dragoman {
namespace {

// How long the sequence is that this byte leads, and the range of its second byte (which
// excludes overlong forms, surrogates and what is above U+10FFFF). Length 0: no lead byte.
struct Lead {
  int length;
  unsigned char second_low, second_high;
};

Lead lead_of(unsigned char byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte >= 0xC2 && byte <= 0xDF) return {2, 0x80, 0xBF};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {3, 0x80, 0xBF};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {4, 0x80, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

}  // namespace

DecodedCodePoint decode_code_point(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const Lead lead = lead_of(byte(0));
  if (lead.length == 1) return {byte(0), 1, true};
  if (lead.length == 0) return {0xFFFD, 1, false};
  char32_t value = byte(0) & (0x7F >> lead.length);
  for (int i = 1; i < lead.length; ++i) {
    const unsigned char low = i == 1 ? lead.second_low : 0x80, high = i == 1 ? lead.second_high : 0xBF;
    const size_t at = i;
    if (at >= text.size() || byte(at) < low || byte(at) > high) return {0xFFFD, i, false};
    value = (value << 6) | (byte(at) & 0x3F);
  }
  return {value, lead.length, true};
}

bool is_valid_utf8(std::string_view text) {
  for (;;) {
    // Most text is ASCII: eight bytes at once.
    for (uint64_t eight; text.size() >= sizeof eight; text.remove_prefix(sizeof eight)) {
      std::memcpy(&eight, text.data(), sizeof eight);
      if ((eight & 0x8080808080808080) != 0) break;
    }
    if (text.empty()) return true;
    const DecodedCodePoint next = decode_code_point(text);
    if (!next.valid) return false;
    text.remove_prefix(next.length);
  }
}

int64_t replace_invalid_utf8(std::string& text) {
  if (is_valid_utf8(text)) return 0;
  int64_t replaced = 0;
  std::string result;
  result.reserve(text.size() + 16);
  for (std::string_view rest = text; !rest.empty();) {
    const DecodedCodePoint next = decode_code_point(rest);
    const size_t length = next.length;
    if (next.valid)
      result.append(rest.substr(0, length));
    else
      result.append(kReplacementCharacter), ++replaced;
    rest.remove_prefix(length);
  }
  text = std::move(result);
  return replaced;
}

std::string replace_all(std::string_view text, std::string_view part, std::string_view other) {
  std::string result;
  for (size_t at; (at = text.find(part)) != std::string_view::npos; text.remove_prefix(at + part.size()))
    result.append(text.substr(0, at)).append(other);
  return result.append(text);
}

std::string_view take_part(std::string_view& text, size_t most) {
  size_t length = text.size();
  if (length > most) {
    const auto continues = [&](size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; };
    length = most;
    while (length > most - 3 && continues(length)) --length;
    const size_t space = text.rfind(' ', length);
    if (space != std::string_view::npos && space > 0) length = space;
  }
  const std::string_view part = text.substr(0, length);
  text.remove_prefix(length);
  return part;
}

void append_utf8(std::string& text, char32_t c) {
  const auto put = [&](char32_t byte) { text.push_back(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6)), put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12)), put(0x80 | ((c >> 6) & 0x3F)), put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | (c >> 18)), put(0x80 | ((c >> 12) & 0x3F)), put(0x80 | ((c >> 6) & 0x3F)),
        put(0x80 | (c & 0x3F));
  }
}

std::u32string to_code_points(std::string_view text) {
  std::u32string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const DecodedCodePoint next = decode_code_point(text);
    result.push_back(next.value);
    text.remove_prefix(next.length);
  }
  return result;
}

std::string to_utf8(std::u32string_view code_points) {
  std::string result;
  result.reserve(code_points.size());
  for (const char32_t c : code_points) append_utf8(result, c);
  return result;
}

bool is_white_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

bool is_invisible(char32_t c) {
  struct Range {
    char32_t first, last;
  };
  // Default_Ignorable_Code_Point in Unicode 15's DerivedCoreProperties.txt, U+FFF9-FFFB (interlinear
  // annotation), U+2800 (an empty Braille pattern), U+2581 and U+FFFD.
  static constexpr Range kInvisible[] = {
      {0xAD, 0xAD},     {0x34F, 0x34F},   {0x61C, 0x61C},     {0x115F, 0x1160},   {0x17B4, 0x17B5},
      {0x180B, 0x180F}, {0x200B, 0x200F}, {0x202A, 0x202E},   {0x2060, 0x206F},   {0x2581, 0x2581},
      {0x2800, 0x2800}, {0x3164, 0x3164}, {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},
      {0xFFF0, 0xFFFB}, {0xFFFD, 0xFFFD}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
  };
  if (c < 0x7F) return c <= 0x20;
  if (c <= 0x9F || is_white_space(c)) return true;
  for (const Range& range : kInvisible) {
    if (c <= range.last) return c >= range.first;
  }
  return false;
}

bool is_blank(std::string_view text) {
  while (!text.empty()) {
    const DecodedCodePoint next = decode_code_point(text);
    if (!is_invisible(next.value)) return false;
    text.remove_prefix(next.length);
  }
  return true;
}

namespace {

// Han, Kana, Bopomofo, and their punctuation and full-width forms.
bool is_of_chinese_or_japanese(char32_t c) {
  return (c >= 0x2E80 && c <= 0x312F) || (c >= 0x31A0 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0xFF00 && c <= 0xFF9F) || (c >= 0x1B000 && c <= 0x1B16F) || (c >= 0x20000 && c <= 0x323AF);
}

}  // namespace

bool joins_without_space(std::string_view first, std::string_view second) {
  if (first.empty() || second.empty()) return false;
  size_t last = first.size() - 1;
  while (last > 0 && (static_cast<unsigned char>(first[last]) & 0xC0) == 0x80) --last;
  return is_of_chinese_or_japanese(decode_code_point(first.substr(last)).value) &&
         is_of_chinese_or_japanese(decode_code_point(second).value);
}

}  // namespace dragoman
