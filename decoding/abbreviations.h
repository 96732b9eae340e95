// Words that end in a full stop and not in the end of a sentence. UAX #29 knows none; it does not break
// before a lower-case letter, so that only those matter that stand before names, nouns and numbers.
// Torch-free.
#pragma once

#include <string_view>

namespace dragoman {

// word: what stands before the full stop, in lower case and UTF-8. Titles, parts of addresses, units and the
// like of the languages below.
bool is_abbreviation(std::string_view word);
// Those that are one before a number alone: "No. 5", but "He said no. Then ..."
bool is_abbreviation_before_number(std::string_view word);
// "3. Oktober": the ordinal before a month, in the languages that write months with a capital.
bool is_month(std::string_view word);
// Whether a German word stands before an ordinal number (der 2. Weltkrieg), so that the full stop behind that
// number ends no sentence.
bool is_before_ordinal(std::string_view word);

}  // namespace dragoman
