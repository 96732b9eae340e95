// Splits a paragraph into sentences, which are translated separately and rejoined. The boundaries are those
// of Unicode (UAX #29, by ICU), without the ones after abbreviations (abbreviations.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dragoman {

// Whether this program was built with ICU.
bool can_split_sentences();

// The sentences have no white space at their ends. Joined by spaces they equal the text, except for its runs
// of white space. std::logic_error if the program was built without ICU.
std::vector<std::string> split_sentences(std::string_view text);

}  // namespace dragoman
