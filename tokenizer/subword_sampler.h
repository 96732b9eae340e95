// Subword regularisation: each epoch sees another segmentation of the same text. A model then learns from
// many segmentations, and words from their parts.
//
//   unigram  a segmentation with probability proportional to P(segmentation)^alpha, of all possible ones
//            (Kudo, ACL 2018, section 3; sampled by forward filtering and backward sampling)
//   BPE      each merge is skipped with probability p (BPE-dropout: Provilkov et al., ACL 2020, algorithm 1)
//
// It works on ids: the pieces of one segmentation spell the text, and another one is sampled from it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/random.h"
#include "tokenizer/piece_trie.h"
#include "tokenizer/tokenizer.h"

namespace dragoman {

class SubwordSampler {
 public:
  // strength: alpha > 0 of a unigram model (0.1 varies much, 1 little), p in (0,1) of BPE (0.1 is usual).
  SubwordSampler(const Tokenizer& tokenizer, double strength);

  // ids: the result of encode(), with or without </s>. Special tokens, language codes, user-defined symbols
  // and byte pieces do not change. A pure function of its arguments.
  std::vector<int32_t> sample(std::span<const int32_t> ids, uint64_t seed) const;

 private:
  void sample_unigram(const std::string& text, SplitMix64& random, std::vector<int32_t>& ids) const;
  bool sample_merges(std::string_view word, SplitMix64& random, std::vector<int32_t>& ids) const;
  bool sample_bpe(const std::string& text, SplitMix64& random, std::vector<int32_t>& ids) const;

  Vocabulary vocabulary_;
  bool is_unigram_;
  double strength_;
  std::vector<bool> may_change_;  // by id
  PieceTrie pieces_;              // the pieces that may change
};

}  // namespace dragoman
