// Abbreviations, whose full stop does not end a sentence. UAX #29 has no list of them. It never breaks before
// a lower-case letter, so only abbreviations before names, nouns and numbers matter. Torch-free.
#pragma once

#include <string_view>

namespace dragoman {

// word: the text before the full stop, in lower case and UTF-8. The list has titles, parts of addresses,
// units and similar words of many languages.
bool is_abbreviation(std::string_view word);
// Words that are abbreviations only before a number: "No. 5", but "He said no. Then ..."
bool is_abbreviation_before_number(std::string_view word);
// "3. Oktober": the ordinal before a month, in the languages that write months with a capital.
bool is_month(std::string_view word);
// Whether an ordinal number may follow this German word (der 2. Weltkrieg). The full stop after the number
// then does not end a sentence.
bool is_before_ordinal(std::string_view word);

}  // namespace dragoman
