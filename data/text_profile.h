// What kind of text a corpus is: how long its lines are, which characters it has, and whether its lines are
// sentences, single words, or letters separated by spaces. `--preset auto` (planning/auto_preset.h) chooses
// by it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace dragoman {

class TextProfile {
 public:
  // Lines after the first kMaxLines are ignored.
  static constexpr int64_t kMaxLines = 200'000;

  // A line without its end, valid UTF-8.
  void add(std::string_view line);

  double words_per_line() const { return lines_ == 0 ? 0 : 1.0 * words_ / lines_; }
  double characters_per_word() const { return words_ == 0 ? 0 : 1.0 * characters_ / words_; }
  // Different words (maximal runs without white space) up to kMaxWords, or kMaxWords when there are more.
  int64_t different_words() const { return words_seen_.size(); }
  // Different characters, white space aside.
  int64_t different_characters() const { return counts_.size(); }
  // The most frequent characters that make up this share of the text.
  int64_t characters_for(double coverage) const;

  // The lines are sequences over a small set of symbols that spaces separate: letters, phones, notes.
  bool is_separated_symbols() const;
  // The lines are single words of several characters: names, spellings.
  bool is_single_words() const;

 private:
  static constexpr size_t kMaxWords = 5000;

  int64_t lines_ = 0, words_ = 0, characters_ = 0;
  std::unordered_map<char32_t, int64_t> counts_;
  std::unordered_set<std::string> words_seen_;
};

struct PairProfile {
  TextProfile source, target;
};

}  // namespace dragoman
