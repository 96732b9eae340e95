// Python's string functions on UTF-8 text. sacreBLEU is a Python program: its counts depend on Python's
// definitions of white space, lower case and punctuation.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dragoman {

std::string lower_case(std::string_view text);                   // str.lower()
std::string_view without_trailing_space(std::string_view text);  // str.rstrip()
std::string_view without_space_around(std::string_view text);    // str.strip()
// str.split(); the words are views into `text`.
std::vector<std::string_view> split_words(std::string_view text);

// The Unicode categories \p{P}, \p{S} and \p{N}.
bool is_punctuation(char32_t code_point);
bool is_symbol(char32_t code_point);
bool is_number(char32_t code_point);

}  // namespace dragoman
