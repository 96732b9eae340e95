// Whether text has spaces between its words. BLEU counts words: where a line is one long "word", nothing
// matches and the score says nothing.
#pragma once

#include <string>

#include "core/options.h"

namespace dragoman {

enum class WordSpaces {
  kBetweenWords,  // most scripts, Korean included
  kChinese,       // no spaces, Han characters
  kJapanese,      // no spaces, kana among them
  kOther,         // no spaces: Thai, Lao, Khmer, Burmese, Tibetan, ...
  kOneWord,       // hardly a line has two words: names, word lists
};

// By the letters of the text. Text that was split into words before has spaces, whatever its script.
WordSpaces word_spaces(const StringList& lines);

// BLEU's tokenizer for such text that needs no dictionary: 13a, zh or char.
std::string tokenizer_of_script(WordSpaces kind);

// What a person is told when BLEU splits such text by 13a: "has no spaces between words (Japanese): ...".
// Empty for kBetweenWords.
std::string word_spaces_advice(WordSpaces kind);

}  // namespace dragoman
