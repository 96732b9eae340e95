#include "data/augmentation.h"

#include <algorithm>

#include "core/error.h"
#include "core/random.h"

namespace dragoman {
namespace {

// A sampled segmentation, or `ids` itself if the sample has more than `limit` tokens. 0: no limit.
std::vector<int32_t> sampled_or_given(const SubwordSampler* sampler, std::span<const int32_t> ids,
                                      uint64_t seed, int64_t limit) {
  if (sampler) {
    auto sampled = sampler->sample(ids, seed);
    if (limit <= 0 || std::ssize(sampled) <= limit) return sampled;
  }
  return {ids.begin(), ids.end()};
}

// The smaller of two limits. 0: no limit.
int64_t stricter(int64_t a, int64_t b) {
  return a <= 0 ? b : b <= 0 ? a : std::min(a, b);
}

}  // namespace

bool AugmentationOptions::any() const {
  return subword_sampling > 0 || bpe_dropout > 0;
}

OptionList AugmentationOptions::describe() {
  return grouped(
      "Regularisation",
      {
          option(subword_sampling, "subword-sampling", "ALPHA",
                 "sample a new segmentation in each epoch, with probabilities P^ALPHA (unigram; Kudo "
                 "2018); 0.1 to 0.5 is usual; 0: off")
              .at_least(0)
              .at_most(1000),
          option(
              bpe_dropout, "bpe-dropout", "P",
              "skip each merge with probability P in each epoch (BPE; Provilkov 2020); 0.1 is usual; 0: off")
              .at_least(0)
              .at_most(0.99),
          option(sampled_side, "sampled-side", "NAME",
                 "which side --subword-sampling or --bpe-dropout samples; with source, targets keep one "
                 "segmentation"),
      });
}

void AugmentationOptions::check(bool unigram) const {
  if (subword_sampling > 0 && !unigram)
    throw UsageError("--subword-sampling",
                     "expected a unigram tokenizer, got BPE; --bpe-dropout is for that");
  if (bpe_dropout > 0 && unigram)
    throw UsageError("--bpe-dropout",
                     "expected a BPE tokenizer, got unigram; --subword-sampling is for that");
  if (!any() && sampled_side != SampledSide::kBoth)
    throw UsageError("--sampled-side", std::string("expected ") +
                                           (unigram ? "--subword-sampling" : "--bpe-dropout") +
                                           " as well, got " + name_of(sampled_side) + " without it");
}

Augmentation::Augmentation(const AugmentationOptions& options, const Tokenizer& source,
                           const Tokenizer& target, uint64_t seed, int64_t max_tokens)
    : seed_(mix_seeds(seed, 0x5E6)), max_tokens_(max_tokens) {
  options.check(source.is_unigram());
  options.check(target.is_unigram());
  const double strength = options.subword_sampling > 0 ? options.subword_sampling : options.bpe_dropout;
  if (strength > 0) {
    if (options.sampled_side != SampledSide::kTarget)
      source_sampler_ = std::make_unique<SubwordSampler>(source, strength);
    if (options.sampled_side != SampledSide::kSource)
      target_sampler_ = std::make_unique<SubwordSampler>(target, strength);
  }
}

AugmentedPair Augmentation::apply(const EncodedCorpus& corpus, int64_t pair, int64_t epoch) const {
  const uint64_t seed = mix_seeds(mix_seeds(seed_, epoch), pair);
  const int64_t limit = stricter(corpus.max_length(), max_tokens_);
  return {sampled_or_given(source_sampler_.get(), corpus.source(pair), mix_seeds(seed, 1), limit),
          sampled_or_given(target_sampler_.get(), corpus.target(pair), mix_seeds(seed, 2), limit)};
}

}  // namespace dragoman
