// How BLEU splits a line into words. The names and the results are sacreBLEU's:
//   13a    mteval-v13a.pl, WMT's: unescapes four XML entities, sets ASCII punctuation apart           (the
//   default) char   every character is a word intl   mteval-v14.pl: sets apart what Unicode calls punctuation
//   and symbols none   the text is tokenised already zh     every Chinese character is a word, the rest as
//   13a
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dragoman {

// Line to line: the words of the result are set apart by white space. The line has no white space at its end.
using BleuTokenizer = std::string (*)(std::string_view line);

std::vector<std::string> bleu_tokenizer_names();
BleuTokenizer bleu_tokenizer(const std::string& name);  // UsageError when there is none of this name

// Two steps of 13a that others share.
std::string set_ascii_symbols_apart(std::string_view line);              // all ASCII punctuation but ' , - .
std::string set_periods_commas_and_dashes_apart(std::string_view line);  // but not within numbers

void replace_all(std::string& text, std::string_view from, std::string_view to);

}  // namespace dragoman
