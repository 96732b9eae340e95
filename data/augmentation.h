// Subword sampling of the training text: each epoch sees another segmentation of a pair
// (tokenizer/subword_sampler.h). The segmentation is a pure function of seed, epoch and pair. A resumed run
// sees the same text as an uninterrupted one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/options.h"
#include "data/encoded_corpus.h"
#include "tokenizer/subword_sampler.h"

namespace dragoman {

enum class SampledSide { kBoth, kSource, kTarget };
constexpr auto names_of(SampledSide) {
  return choice_names("both", "source", "target");
}

struct AugmentationOptions {
  double subword_sampling = 0;  // alpha, unigram
  double bpe_dropout = 0;       // p, BPE
  SampledSide sampled_side = SampledSide::kBoth;

  bool any() const;
  OptionList describe();
  // UsageError for a kind of sampling that tokenizers of this kind do not have, or for a side without
  // sampling.
  void check(bool unigram) const;
};

struct AugmentedPair {
  std::vector<int32_t> source, target;  // with </s>
};

class Augmentation {
 public:
  // max_tokens: of a batch; 0: no limit. If sampling makes a side longer than max_tokens or
  // --max-train-length, the side keeps the segmentation of the corpus.
  Augmentation(const AugmentationOptions& options, const Tokenizer& source, const Tokenizer& target,
               uint64_t seed, int64_t max_tokens = 0);

  AugmentedPair apply(const EncodedCorpus& corpus, int64_t pair, int64_t epoch) const;

 private:
  uint64_t seed_;
  int64_t max_tokens_;
  std::unique_ptr<SubwordSampler> source_sampler_, target_sampler_;
};

}  // namespace dragoman
