// Whether text has spaces between its words. BLEU counts words: if a line is one long "word", nothing matches
// and the score is meaningless.
#pragma once

#include <string>

#include "core/options.h"
#include "evaluation/bleu_tokenizer.h"

namespace dragoman {

enum class WordSpaces {
  kBetweenWords,  // most scripts, Korean included
  kChinese,       // no spaces, Han characters
  kJapanese,      // no spaces, kana among them
  kOther,         // no spaces: Thai, Lao, Khmer, Burmese, Tibetan, ...
  kOneWord,       // few lines have two words: names, word lists
};

// Decided by the letters of the text. Text that is already split into words has spaces, in any script.
WordSpaces word_spaces(const StringList& lines);

// A BLEU tokenizer for such text that needs no dictionary: 13a, zh or char.
Tokenization tokenizer_of_script(WordSpaces kind);

// The warning when BLEU splits such text by 13a: "no spaces between words (Japanese): ...". Empty for
// kBetweenWords.
std::string word_spaces_advice(WordSpaces kind);

}  // namespace dragoman
