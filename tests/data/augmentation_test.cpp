#include "data/augmentation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

#include "core/error.h"
#include "tests/tokenizer/sample_text.h"

namespace dragoman {
namespace {

const Tokenizer& augmented_tokenizer(std::string_view type = "unigram") {
  const auto made = [](const std::string& kind) {
    const auto trained = train_on(sample_lines(200), small_tokenizer_options(kind, 150));
    return Tokenizer::from_bytes(trained.model, vocabulary_of(trained.model, kind), kind);
  };
  static const Tokenizer unigram = made("unigram"), bpe = made("bpe");
  return type == "bpe" ? bpe : unigram;
}

EncodedCorpus some_corpus(const Tokenizer& tokenizer, const CorpusOptions& options = {}) {
  TextPairs text;
  text.source = sample_lines(30, 3), text.target = sample_lines(30, 4);
  text.files = std::make_shared<std::vector<FilePair>>(1, FilePair{"a", "b"});
  text.origin.resize(30, {0, 1});
  CorpusReport report;
  return EncodedCorpus::encode(text, tokenizer, tokenizer, options, 1, report);
}

TEST(Augmentation, IsTheSameForTheSameEpochAndAnotherForTheNext) {
  for (const char* type : {"unigram", "bpe"}) {
    const Tokenizer& tokenizer = augmented_tokenizer(type);
    const EncodedCorpus corpus = some_corpus(tokenizer);
    AugmentationOptions options;
    (type == std::string("bpe") ? options.bpe_dropout : options.subword_sampling) = 0.1;
    const Augmentation augmentation(options, tokenizer, tokenizer, 1),
        other_seed(options, tokenizer, tokenizer, 2);
    int changed = 0, by_seed = 0;
    for (int64_t pair = 0; pair < corpus.size(); ++pair) {
      const auto first = augmentation.apply(corpus, pair, 0), again = augmentation.apply(corpus, pair, 0),
                 next = augmentation.apply(corpus, pair, 1);
      EXPECT_EQ(first.source, again.source);
      EXPECT_EQ(first.target, again.target);
      changed += first.source != next.source;
      by_seed += first.source != other_seed.apply(corpus, pair, 0).source;
    }
    EXPECT_GT(changed, 15);
    EXPECT_GT(by_seed, 15);
  }
}

TEST(Augmentation, SamplesOnlyTheSelectedSide) {
  const Tokenizer& tokenizer = augmented_tokenizer();
  const EncodedCorpus corpus = some_corpus(tokenizer);
  AugmentationOptions options;
  options.subword_sampling = 0.1;
  const Augmentation both(options, tokenizer, tokenizer, 1);
  for (const bool source : {true, false}) {
    options.sampled_side = source ? SampledSide::kSource : SampledSide::kTarget;
    const Augmentation one(options, tokenizer, tokenizer, 1);
    for (int64_t pair = 0; pair < corpus.size(); ++pair) {
      const auto sampled = both.apply(corpus, pair, 0), result = one.apply(corpus, pair, 0);
      const auto source_text = corpus.source(pair), target_text = corpus.target(pair);
      EXPECT_EQ(result.source,
                source ? sampled.source : std::vector<int32_t>(source_text.begin(), source_text.end()));
      EXPECT_EQ(result.target,
                source ? std::vector<int32_t>(target_text.begin(), target_text.end()) : sampled.target);
    }
  }
}

TEST(Augmentation, KeepsASegmentationWithinTheLimits) {
  for (const char* type : {"unigram", "bpe"}) {
    const Tokenizer& tokenizer = augmented_tokenizer(type);
    const EncodedCorpus corpus = some_corpus(tokenizer);
    AugmentationOptions options;
    (type == std::string("bpe") ? options.bpe_dropout : options.subword_sampling) =
        type == std::string("bpe") ? 0.9 : 0.01;
    const Augmentation free(options, tokenizer, tokenizer, 1), limited(options, tokenizer, tokenizer, 1, 20);
    int too_long = 0, sampled = 0;
    for (int64_t pair = 0; pair < corpus.size(); ++pair) {
      const auto any = free.apply(corpus, pair, 0).source, kept = limited.apply(corpus, pair, 0).source;
      const std::vector<int32_t> whole(corpus.source(pair).begin(), corpus.source(pair).end());
      EXPECT_EQ(kept, any.size() > 20 ? whole : any) << type << " " << pair;
      too_long += any.size() > 20, sampled += kept != whole;
    }
    EXPECT_GT(too_long, 5) << type;
    EXPECT_GT(sampled, 3) << type;
  }
}

TEST(Augmentation, MakesNoSideLongerThanTheCorpusAllows) {
  const Tokenizer& tokenizer = augmented_tokenizer();
  CorpusOptions limit;
  limit.max_train_length = 18;
  const EncodedCorpus corpus = some_corpus(tokenizer, limit);
  EXPECT_EQ(corpus.max_length(), 18);
  AugmentationOptions options;
  options.subword_sampling = 0.01;
  const Augmentation augmentation(options, tokenizer, tokenizer, 1);
  for (int64_t pair = 0; pair < corpus.size(); ++pair) {
    for (int64_t epoch = 0; epoch < 3; ++epoch) {
      EXPECT_LE(augmentation.apply(corpus, pair, epoch).source.size(), 18u);
      EXPECT_LE(augmentation.apply(corpus, pair, epoch).target.size(), 18u);
    }
  }
}

TEST(Augmentation, RefusesTheSamplingOfTheOtherTokenizerType) {
  AugmentationOptions unigram, bpe;
  unigram.subword_sampling = 0.1, bpe.bpe_dropout = 0.1;
  EXPECT_NO_THROW(unigram.check(true));
  EXPECT_NO_THROW(bpe.check(false));
  EXPECT_THROW(unigram.check(false), UsageError);
  EXPECT_THROW(bpe.check(true), UsageError);
}

TEST(Augmentation, RefusesASideWithoutSampling) {
  AugmentationOptions side;
  side.sampled_side = SampledSide::kSource;
  for (const bool unigram : {true, false}) {
    EXPECT_THROW(side.check(unigram), UsageError);
    (unigram ? side.subword_sampling : side.bpe_dropout) = 0.1;
    EXPECT_NO_THROW(side.check(unigram));
    side.subword_sampling = 0;
  }
}

}  // namespace
}  // namespace dragoman
