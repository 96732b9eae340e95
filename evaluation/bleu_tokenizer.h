// How BLEU splits a line into words. The names and the results are sacreBLEU's:
//   13a        mteval-v13a.pl, WMT's: unescapes four XML entities, sets ASCII punctuation apart (the default)
//   char       every character is a word
//   intl       mteval-v14.pl: sets apart what Unicode calls punctuation and symbols
//   none       the text is tokenised already
//   zh         every Chinese character is a word, the rest as 13a
//   ja-mecab   MeCab's words with the IPA dictionary (mecab.h)
//   ko-mecab   mecab-ko's words with its dictionary
//   flores200, flores101, spBLEU-1K   the pieces of a published SentencePiece model (Goyal et al. 2022, "The
//              Flores-101 Evaluation Benchmark"); spm is flores101
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace dragoman {

struct BleuTokenizer {
  // Line to line: the words of the result are set apart by white space. The line has no white space at its
  // end.
  std::function<std::string(std::string_view)> split;
  std::string signature;  // behind "tok:"
  // Text that holds this is split otherwise by sacreBLEU's dictionary; empty where there is no such thing.
  std::string differs_on = {};

  std::string operator()(std::string_view line) const { return split(line); }
};

std::vector<std::string> bleu_tokenizer_names();

// model: the .spm file of flores200, flores101, spBLEU-1K and spm, or the dictionary's folder of ja-mecab and
// ko-mecab; "" looks where sacreBLEU and the systems' packages put them. UsageError when there is no
// tokenizer of this name, when its model is missing (saying where it comes from), or when it takes none.
BleuTokenizer bleu_tokenizer(const std::string& name, const std::string& model = "");

// Two steps of 13a that others share.
std::string set_ascii_symbols_apart(std::string_view line);              // all ASCII punctuation but ' , - .
std::string set_periods_commas_and_dashes_apart(std::string_view line);  // but not within numbers

void replace_all(std::string& text, std::string_view from, std::string_view to);

}  // namespace dragoman
