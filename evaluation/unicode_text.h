// Text as Python's str sees it. sacreBLEU is a Python program, and its counts rest on what Python takes for
// white space, lower case, punctuation. All text is UTF-8.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dragoman {

std::string lower_case(std::string_view text);                   // str.lower()
std::string_view without_trailing_space(std::string_view text);  // str.rstrip()
std::string_view without_space_around(std::string_view text);    // str.strip()
std::vector<std::string_view> split_words(
    std::string_view text);  // str.split(); the words are parts of `text`

// The Unicode categories \p{P}, \p{S} and \p{N}.
bool is_punctuation(char32_t code_point);
bool is_symbol(char32_t code_point);
bool is_number(char32_t code_point);

}  // namespace dragoman
