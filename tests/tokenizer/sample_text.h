// Generates text for tests from a seed. The words repeat the same syllables, so a tokenizer can be trained on
// it.
#pragma once

#include <string>
#include <vector>

#include "core/random.h"
#include "tokenizer/trainer.h"

namespace dragoman {

inline std::vector<std::string> sample_lines(int count, uint64_t seed = 1) {
  const std::vector<std::string> syllables = {"ba",  "ke", "lo", "mi", "nu",  "sch",
                                              "tür", "ön", "wa", "ze", "fra", "gen"};
  SplitMix64 random(seed);
  std::vector<std::string> words;
  for (int i = 0; i < 60; ++i) {
    std::string word;
    for (uint64_t n = 1 + random.below(3); n > 0; --n) word += syllables[random.below(syllables.size())];
    words.push_back(word);
  }
  std::vector<std::string> lines;
  for (int i = 0; i < count; ++i) {
    std::string line;
    for (uint64_t n = 2 + random.below(8); n > 0; --n)
      line += (line.empty() ? "" : " ") + words[random.below(words.size())];
    lines.push_back(line + ".");
  }
  return lines;
}

inline LineSource lines_of(std::vector<std::string> lines) {
  return [lines = std::move(lines), next = size_t{0}](std::string& line) mutable {
    if (next == lines.size()) return false;
    line = lines[next++];
    return true;
  };
}

inline TrainedTokenizer train_on(const std::vector<std::string>& lines, const TokenizerOptions& options) {
  return train_tokenizer(lines_of(lines), options, "sample.txt");
}

inline TokenizerOptions small_tokenizer_options(const std::string& type = "unigram",
                                                int64_t vocab_size = 60) {
  TokenizerOptions options;
  options.tokenizer_type = choice_of<TokenizerType>(type).value();
  options.vocab_size = vocab_size;
  return options;
}

}  // namespace dragoman
