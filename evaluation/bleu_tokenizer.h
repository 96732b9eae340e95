// How BLEU splits a line into words. The names and the results are sacreBLEU's:
//   13a        mteval-v13a.pl, WMT's: unescapes four XML entities, separates ASCII punctuation (the default)
//   char       every character is a word
//   intl       mteval-v14.pl: separates Unicode's punctuation and symbols
//   none       the text is already tokenised
//   zh         every Chinese character is a word, the rest as 13a
//   ja-mecab   MeCab's words with the IPA dictionary (mecab.h)
//   ko-mecab   mecab-ko's words with its dictionary
//   flores200, flores101, spBLEU-1K   the pieces of a published SentencePiece model (Goyal et al. 2022, "The
//              Flores-101 Evaluation Benchmark"); spm is flores101
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/choice.h"

namespace dragoman {

enum class Tokenization {
  k13a,
  kChar,
  kIntl,
  kNone,
  kZh,
  kJaMecab,
  kKoMecab,
  kSpm,
  kFlores101,
  kFlores200,
  kSpBleu1K
};
constexpr auto names_of(Tokenization) {
  return choice_names("13a", "char", "intl", "none", "zh", "ja-mecab", "ko-mecab", "spm", "flores101",
                      "flores200", "spBLEU-1K");
}

struct BleuTokenizer {
  // Line to line. White space separates the words of the result. The line must not end in white space.
  std::function<std::string(std::string_view)> split;
  std::string signature;  // after "tok:"
  // sacreBLEU's dictionary splits text that contains this differently. Empty if there is no such text.
  std::string differs_on = {};

  std::string operator()(std::string_view line) const { return split(line); }
};

// model: the .spm file of flores200, flores101, spBLEU-1K and spm, or the dictionary folder of ja-mecab and
// ko-mecab. "" searches the folders of sacreBLEU and of the operating system's packages. UsageError when the
// model is missing (the message says where to get it), or when a model is given to a tokenizer that takes
// none.
BleuTokenizer bleu_tokenizer(Tokenization tokenization, const std::string& model = "");

// Two steps of 13a that other tokenizers share.
std::string separate_ascii_symbols(std::string_view line);  // all ASCII punctuation except ' , - .
std::string separate_periods_commas_and_dashes(std::string_view line);  // except within numbers

void replace_all(std::string& text, std::string_view from, std::string_view to);

}  // namespace dragoman
