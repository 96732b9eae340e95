// Splits a paragraph into sentences, so that each is translated by itself and the rest is rejoined.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dragoman {

// A sentence ends after . ! ? or … (and closing quotes or brackets) when white space and a letter that is not
// lower case, a digit or an opening quote follow, and after the CJK marks 。！？ in any case. A single letter
// or a common abbreviation before the full stop does not end one. The pieces' white space at the edges is
// cut; joined by one space they are the text again, but for its runs of white space.
std::vector<std::string> split_sentences(std::string_view text);

}  // namespace dragoman
