// Splits a paragraph into sentences, so that each is translated by itself and the rest is rejoined.
// Boundaries are those of Unicode (UAX #29, by ICU), without the ones behind abbreviations (abbreviations.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dragoman {

// Whether this program was built with ICU.
bool can_split_sentences();

// The sentences' white space at the edges is cut; joined by one space they are the text again, but for its
// runs of white space. std::logic_error where the program was built without ICU.
std::vector<std::string> split_sentences(std::string_view text);

}  // namespace dragoman
