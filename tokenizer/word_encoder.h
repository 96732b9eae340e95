// Encodes many lines: each word is split once, and its ids are remembered.
//
//   "the old file"  -->  the | old | file  -->  ids of each, from memory or from SentencePiece
//
// The ids are those that Tokenizer gives for the whole line. A unigram model (Kudo 2018) adds up scores from
// left to right in single precision. Which segmentation of a word wins can therefore depend on the sum before
// it, but only if two segmentations have nearly the same score. A line with such a word, with a symbol or
// with an unknown character is left to SentencePiece. So is every line if the model does not keep words apart.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tokenizer/piece_trie.h"
#include "tokenizer/tokenizer.h"

namespace dragoman {

// A word by itself.
struct EncodedWord {
  std::vector<int32_t> ids;
  double score = 0;  // the sum of its pieces' scores, as a positive number
  // The ids are the same in every line whose words before this one have scores of at most this sum. -1: the
  // line is left to SentencePiece.
  double max_before = -1;
};

// Splits words. Immutable: several threads may share it.
class WordSplitter {
 public:
  explicit WordSplitter(const Tokenizer& tokenizer);

  const Tokenizer& tokenizer() const { return tokenizer_; }
  bool keeps_words_apart() const { return keeps_words_apart_; }
  // The word has no space. keeps_words_apart() must be true.
  EncodedWord split(std::string_view word) const;

 private:
  double margin(std::string_view text, double score) const;

  Tokenizer tokenizer_;
  bool keeps_words_apart_;
  PieceTrie pieces_;
  double unknown_score_ = 0, largest_score_ = 0;
};

// For one thread.
class WordEncoder {
 public:
  // Remembers up to `capacity` words, then forgets all. A word takes about 150 bytes.
  WordEncoder(std::shared_ptr<const WordSplitter> splitter, size_t capacity);

  // Appends the ids of Tokenizer::encode and of Tokenizer::encode_source.
  void encode(std::string_view text, std::vector<int32_t>& ids);
  void encode_source(std::string_view line, std::vector<int32_t>& ids);

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  bool encode_words(std::string_view text, std::vector<int32_t>& ids);
  const EncodedWord& find(std::string_view word);

  std::shared_ptr<const WordSplitter> splitter_;
  size_t capacity_;
  std::unordered_map<std::string, EncodedWord, Hash, std::equal_to<>> words_;
};

}  // namespace dragoman
