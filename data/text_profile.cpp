#include "data/text_profile.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "core/utf8.h"

namespace dragoman {
namespace {

// A vocabulary of so few words is an alphabet. CMUdict has 27 letters and 69 phones; a small corpus of
// sentences (2,000 pairs of Multi30k) has more than 2,500 different words.
constexpr int64_t kMaxSymbols = 600;
// The longest symbols on average; phones have 2.2 characters with their stress.
constexpr double kMaxSymbolLength = 4;
// An alphabet is used again and again.
constexpr double kMinUsesOfSymbol = 20;
constexpr double kMaxWordsOfSingle = 1.2;
// A line without spaces is a sentence if it is long (Thai) or if the alphabet is large (Chinese).
constexpr double kMaxLengthOfWord = 16;
constexpr int64_t kMaxLetters = 300;

}  // namespace

void TextProfile::add(std::string_view line) {
  if (lines_ == kMaxLines) return;
  ++lines_;
  std::string word;
  const auto end_word = [&] {
    if (word.empty()) return;
    ++words_;
    if (words_seen_.size() < kMaxWords) words_seen_.insert(word);
    word.clear();
  };
  while (!line.empty()) {
    const DecodedCodePoint next = decode_code_point(line);
    if (is_white_space(next.value)) {
      end_word();
    } else {
      ++characters_;
      ++counts_[next.value];
      word.append(line.substr(0, next.length));
    }
    line.remove_prefix(next.length);
  }
  end_word();
}

int64_t TextProfile::characters_for(double coverage) const {
  std::vector<int64_t> counts;
  for (const auto& [character, count] : counts_) counts.push_back(count);
  std::sort(counts.begin(), counts.end(), std::greater<>());
  double covered = 0;
  int64_t needed = 0;
  while (needed < std::ssize(counts) && covered < coverage * characters_) covered += counts[needed++];
  return needed;
}

bool TextProfile::is_separated_symbols() const {
  const int64_t different = different_words();
  return words_per_line() > kMaxWordsOfSingle && different <= kMaxSymbols &&
         characters_per_word() <= kMaxSymbolLength && words_ >= kMinUsesOfSymbol * different;
}

bool TextProfile::is_single_words() const {
  return lines_ > 0 && words_per_line() <= kMaxWordsOfSingle && characters_per_word() > 1 &&
         characters_per_word() <= kMaxLengthOfWord && different_characters() <= kMaxLetters;
}

}  // namespace dragoman
