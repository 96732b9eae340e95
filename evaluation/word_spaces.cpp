#include "evaluation/word_spaces.h"

#include <algorithm>
#include <utility>

#include "core/utf8.h"
#include "evaluation/unicode_text.h"

namespace dragoman {
namespace {

using Range = std::pair<char32_t, char32_t>;

bool is_in(const Range* begin, const Range* end, char32_t c) {
  return std::any_of(begin, end, [c](const Range& range) { return c >= range.first && c <= range.second; });
}

// The Unicode Standard, chapters 16 to 18: scripts that are written without spaces between words.
constexpr Range kHan[] = {{0x3400, 0x4DBF}, {0x4E00, 0x9FFF}, {0xF900, 0xFAFF}, {0x20000, 0x323AF}};
constexpr Range kKana[] = {{0x3041, 0x309F}, {0x30A0, 0x30FF}, {0x31F0, 0x31FF}, {0xFF66, 0xFF9F}};
constexpr Range kOthers[] = {{0x0E01, 0x0E7F},  // Thai
                             {0x0E80, 0x0EFF},  // Lao
                             {0x0F00, 0x0FFF},  // Tibetan, whose mark between syllables is not white space
                             {0x1000, 0x109F}, {0xA9E0, 0xA9FF}, {0xAA60, 0xAA7F},  // Burmese
                             {0x1780, 0x17FF}, {0x19E0, 0x19FF},                    // Khmer
                             {0x1950, 0x197F}, {0x1980, 0x19DF}, {0x1A20, 0x1AAF},
                             {0x1B00, 0x1B7F}, {0xA980, 0xA9DF},  // Tai, Bali, Java
                             {0x3105, 0x312F},                    // Bopomofo
                             {0xA000, 0xA4CF}};                   // Yi

struct Counts {
  int64_t lines = 0, words = 0, characters = 0;
  int64_t han = 0, kana = 0, others = 0;
  int64_t unspaced_words = 0;  // words that hold a character of the three

  int64_t unspaced() const { return han + kana + others; }
};

void count_word(std::string_view word, Counts& counts) {
  const int64_t before = counts.unspaced();
  for (const char32_t c : to_code_points(word)) {
    ++counts.characters;
    if (c < kOthers[0].first) continue;  // Latin, Greek, Cyrillic, Arabic, Devanagari, ...
    counts.han += is_in(std::begin(kHan), std::end(kHan), c);
    counts.kana += is_in(std::begin(kKana), std::end(kKana), c);
    counts.others += is_in(std::begin(kOthers), std::end(kOthers), c);
  }
  ++counts.words;
  counts.unspaced_words += counts.unspaced() > before;
}

Counts counts_of(const StringList& lines) {
  Counts counts;
  for (const auto& line : lines) {
    const auto words = split_words(line);
    counts.lines += !words.empty();
    for (const auto word : words) count_word(word, counts);
  }
  return counts;
}

// "我 喜欢 茶" already has spaces: short words, and several of them per line.
bool is_split_already(const Counts& counts) {
  return counts.unspaced() < 3 * counts.unspaced_words && counts.words >= 3 * counts.lines;
}

}  // namespace

WordSpaces word_spaces(const StringList& lines) {
  const Counts counts = counts_of(lines);
  // A third is enough: most text contains names, numbers and markup of other scripts.
  if (counts.unspaced() > 0 && 3 * counts.unspaced() >= counts.characters) {
    if (is_split_already(counts)) return WordSpaces::kBetweenWords;
    if (20 * counts.kana >= counts.unspaced()) return WordSpaces::kJapanese;
    return counts.han >= counts.others ? WordSpaces::kChinese : WordSpaces::kOther;
  }
  const bool hardly_two = counts.lines > 0 && 10 * counts.words <= 12 * counts.lines;
  return hardly_two ? WordSpaces::kOneWord : WordSpaces::kBetweenWords;
}

Tokenization tokenizer_of_script(WordSpaces kind) {
  if (kind == WordSpaces::kBetweenWords) return Tokenization::k13a;
  return kind == WordSpaces::kChinese ? Tokenization::kZh : Tokenization::kChar;
}

std::string word_spaces_advice(WordSpaces kind) {
  switch (kind) {
    case WordSpaces::kBetweenWords:
      return "";
    case WordSpaces::kChinese:
      return "no spaces between words (Chinese): use --tokenize zh";
    case WordSpaces::kJapanese:
      return "no spaces between words (Japanese): use --tokenize ja-mecab, or char";
    case WordSpaces::kOther:
      return "no spaces between words: use --tokenize flores200, or char";
    case WordSpaces::kOneWord:
      return "about two words per line, but BLEU counts n-grams of up to four words: use --tokenize char, "
             "or --metrics chrf,ser";
  }
  return "";
}

}  // namespace dragoman
