// UTF-8: valid or replaced, counted, and split between code points.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dragoman {

inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";  // U+FFFD

struct DecodedCodePoint {
  char32_t value;  // U+FFFD for an ill-formed sequence
  int length;      // bytes taken, at least 1
  bool valid;
};

// The code point that begins at text[0]; text is not empty. An ill-formed sequence takes its maximal subpart
// (The Unicode Standard, section 3.9, "U+FFFD substitution of maximal subparts").
DecodedCodePoint decode_code_point(std::string_view text);

bool is_valid_utf8(std::string_view text);

// Replaces each ill-formed sequence by U+FFFD. Returns how many were replaced.
int64_t replace_invalid_utf8(std::string& text);

// The text with `other` for every `part`.
std::string replace_all(std::string_view text, std::string_view part, std::string_view other);

// Removes a first part of at most `most` bytes from `text` and returns it: everything before its last space,
// or, where there is none, as many whole code points as fit. `most` is at least 4; `text` is not empty.
std::string_view take_part(std::string_view& text, size_t most);

void append_utf8(std::string& text, char32_t code_point);
std::u32string to_code_points(std::string_view text);
std::string to_utf8(std::u32string_view code_points);

// ASCII's white space, U+0085, U+00A0, U+1680, U+2000-200A, U+2028, U+2029, U+202F, U+205F, U+3000.
bool is_white_space(char32_t code_point);
// White space, control characters, Unicode's default ignorable code points (joiners, direction marks,
// variation selectors, fillers), and what SentencePiece reads as a space: U+2581 and U+FFFD.
bool is_invisible(char32_t code_point);
// True for text with only invisible characters: no tokenizer finds a token in it.
bool is_blank(std::string_view text);
// Whether two sentences are joined without a space: Chinese or Japanese characters, or their
// punctuation, on both sides. (Thai and Khmer put a space between sentences.)
bool joins_without_space(std::string_view first, std::string_view second);

}  // namespace dragoman
