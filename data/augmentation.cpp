#include "data/augmentation.h"

#include <algorithm>

#include "core/error.h"
#include "core/random.h"

namespace dragoman {
namespace {

// At most `limit` tokens, unless `ids` has more itself; 0: any number.
std::vector<int32_t> drawn(const SubwordSampler* sampler, std::span<const int32_t> ids, uint64_t seed,
                           int64_t limit) {
  if (sampler) {
    auto sampled = sampler->sample(ids, seed);
    if (limit <= 0 || static_cast<int64_t>(sampled.size()) <= limit) return sampled;
  }
  return {ids.begin(), ids.end()};
}

// The smaller of two limits, of which 0 is none.
int64_t stricter(int64_t a, int64_t b) {
  return a <= 0 ? b : b <= 0 ? a : std::min(a, b);
}

// All but the last, which is </s>.
void replace_some(std::vector<int32_t>& ids, double p, int32_t by, uint64_t seed) {
  if (p <= 0) return;
  SplitMix64 random(seed);
  for (size_t i = 0; i + 1 < ids.size(); ++i) {
    if (random.uniform() < p) ids[i] = by;
  }
}

}  // namespace

bool AugmentationOptions::any() const {
  return subword_sampling > 0 || bpe_dropout > 0 || source_word_dropout > 0 || target_word_dropout > 0;
}

OptionList AugmentationOptions::describe() {
  return grouped(
      "Regularisation",
      {
          option(subword_sampling, "subword-sampling", "ALPHA",
                 "another segmentation at each pass, drawn with P^ALPHA (unigram; Kudo 2018); 0.1 to 0.5; 0: "
                 "none")
              .at_least(0)
              .at_most(1000),
          option(bpe_dropout, "bpe-dropout", "P",
                 "leave each merge out with probability P at each pass (BPE; Provilkov 2020); 0.1 is usual; "
                 "0: none")
              .at_least(0)
              .at_most(0.99),
          option(sampled_side, "sampled-side", "NAME",
                 "which side --subword-sampling or --bpe-dropout samples; source alone keeps one spelling "
                 "in the output")
              .one_of({"both", "source", "target"}),
          option(sampling_epochs, "sampling-epochs", "N",
                 "sample in the first N passes over the corpus and train on the best segmentation, which "
                 "the search looks for, from there on; 0: in all")
              .at_least(0),
          option(source_word_dropout, "source-word-dropout", "P",
                 "replace source tokens by <unk> with probability P")
              .at_least(0)
              .at_most(0.99),
          option(target_word_dropout, "target-word-dropout", "P",
                 "replace tokens that the decoder reads by <unk> with probability P; the labels stay")
              .at_least(0)
              .at_most(0.99),
      });
}

void AugmentationOptions::check(bool unigram) const {
  if (subword_sampling > 0 && !unigram)
    throw UsageError("--subword-sampling",
                     "expected a unigram tokenizer, got BPE; --bpe-dropout is for that");
  if (bpe_dropout > 0 && unigram)
    throw UsageError("--bpe-dropout",
                     "expected a BPE tokenizer, got unigram; --subword-sampling is for that");
  if (subword_sampling > 0 || bpe_dropout > 0) return;
  const std::string needed = unigram ? "--subword-sampling" : "--bpe-dropout";
  if (sampled_side != "both")
    throw UsageError("--sampled-side",
                     "expected " + needed + " as well, got " + sampled_side + " without it");
  if (sampling_epochs > 0)
    throw UsageError("--sampling-epochs", "expected " + needed + " as well, got " +
                                              std::to_string(sampling_epochs) + " without it");
}

Augmentation::Augmentation(const AugmentationOptions& options, const Tokenizer& source,
                           const Tokenizer& target, uint64_t seed, int64_t max_tokens)
    : options_(options),
      seed_(mix_seeds(seed, 0x5E6)),
      max_tokens_(max_tokens),
      source_unknown_(static_cast<int32_t>(source.vocabulary().unk_id())),
      target_unknown_(static_cast<int32_t>(target.vocabulary().unk_id())) {
  options.check(source.is_unigram());
  options.check(target.is_unigram());
  const double strength = options.subword_sampling > 0 ? options.subword_sampling : options.bpe_dropout;
  if (strength > 0) {
    if (options.sampled_side != "target")
      source_sampler_ = std::make_unique<SubwordSampler>(source, strength);
    if (options.sampled_side != "source")
      target_sampler_ = std::make_unique<SubwordSampler>(target, strength);
  }
}

AugmentedPair Augmentation::apply(const EncodedCorpus& corpus, int64_t pair, int64_t epoch) const {
  const uint64_t seed =
      mix_seeds(mix_seeds(seed_, static_cast<uint64_t>(epoch)), static_cast<uint64_t>(pair));
  const bool sampling = options_.sampling_epochs == 0 || epoch < options_.sampling_epochs;
  AugmentedPair result;
  const int64_t limit = stricter(corpus.max_length(), max_tokens_);
  result.source =
      drawn(sampling ? source_sampler_.get() : nullptr, corpus.source(pair), mix_seeds(seed, 1), limit);
  result.target =
      drawn(sampling ? target_sampler_.get() : nullptr, corpus.target(pair), mix_seeds(seed, 2), limit);
  result.target_read = result.target;
  replace_some(result.source, options_.source_word_dropout, source_unknown_, mix_seeds(seed, 3));
  replace_some(result.target_read, options_.target_word_dropout, target_unknown_, mix_seeds(seed, 4));
  return result;
}

}  // namespace dragoman
