// What a pass over the corpus changes about a pair, so that no two passes show the same: the segmentation
// (tokenizer/subword_sampler.h) and single tokens. A pure function of seed, pass and pair, so that a resumed
// run sees what an uninterrupted one would have seen.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/options.h"
#include "data/encoded_corpus.h"
#include "tokenizer/subword_sampler.h"

namespace dragoman {

struct AugmentationOptions {
  double subword_sampling = 0;  // alpha, unigram
  double bpe_dropout = 0;       // p, BPE
  std::string sampled_side = "both";
  int64_t sampling_epochs = 0;  // passes that sample, the first ones; 0: all
  double source_word_dropout = 0, target_word_dropout = 0;

  bool any() const;
  OptionList describe();
  // UsageError when a sampling is asked for that tokenizers of this kind do not have, or its side or passes
  // without it.
  void check(bool unigram) const;
};

struct AugmentedPair {
  std::vector<int32_t> source, target;  // with </s>
  // What the decoder reads: the target with some tokens replaced, </s> not among them. The labels stay whole.
  std::vector<int32_t> target_read;
};

class Augmentation {
 public:
  // max_tokens: of a batch; 0: no limit. A side that sampling would make longer than that, or than the corpus
  // allows (--max-train-length), keeps the segmentation that the corpus has.
  Augmentation(const AugmentationOptions& options, const Tokenizer& source, const Tokenizer& target,
               uint64_t seed, int64_t max_tokens = 0);

  AugmentedPair apply(const EncodedCorpus& corpus, int64_t pair, int64_t epoch) const;

 private:
  AugmentationOptions options_;
  uint64_t seed_;
  int64_t max_tokens_;
  int32_t source_unknown_, target_unknown_;
  std::unique_ptr<SubwordSampler> source_sampler_, target_sampler_;
};

}  // namespace dragoman
