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

TEST(Augmentation, IsTheSameForTheSamePassAndAnotherForTheNext) {
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
      EXPECT_EQ(first.target, first.target_read);
      changed += first.source != next.source;
      by_seed += first.source != other_seed.apply(corpus, pair, 0).source;
    }
    EXPECT_GT(changed, 15);
    EXPECT_GT(by_seed, 15);
  }
}

TEST(Augmentation, SamplesTheSideThatIsAskedForAndLeavesTheOther) {
  const Tokenizer& tokenizer = augmented_tokenizer();
  const EncodedCorpus corpus = some_corpus(tokenizer);
  AugmentationOptions options;
  options.subword_sampling = 0.1;
  const Augmentation both(options, tokenizer, tokenizer, 1);
  for (const bool source : {true, false}) {
    options.sampled_side = source ? "source" : "target";
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

TEST(Augmentation, KeepsASegmentationThatIsWithinTheLimits) {
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

TEST(Augmentation, SamplesInTheFirstPassesAlone) {
  const Tokenizer& tokenizer = augmented_tokenizer();
  const EncodedCorpus corpus = some_corpus(tokenizer);
  AugmentationOptions options;
  options.subword_sampling = 0.1, options.source_word_dropout = 0.5;
  const Augmentation always(options, tokenizer, tokenizer, 1);
  options.sampling_epochs = 2;
  const Augmentation first_two(options, tokenizer, tokenizer, 1);
  int words_dropped = 0;
  for (int64_t pair = 0; pair < corpus.size(); ++pair) {
    for (const int64_t epoch : {0, 1}) {
      const auto expected = always.apply(corpus, pair, epoch), result = first_two.apply(corpus, pair, epoch);
      EXPECT_EQ(result.source, expected.source);
      EXPECT_EQ(result.target, expected.target);
    }
    for (const int64_t epoch : {2, 3}) {
      const auto result = first_two.apply(corpus, pair, epoch);
      const auto source = corpus.source(pair), target = corpus.target(pair);
      EXPECT_EQ(result.source.size(), source.size());
      EXPECT_EQ(result.target, std::vector<int32_t>(target.begin(), target.end()));
      words_dropped += !std::equal(source.begin(), source.end(), result.source.begin(), result.source.end());
    }
  }
  EXPECT_GT(words_dropped, 30);  // of 60: the dropout of words goes on
}

TEST(Augmentation, DropsWordsOfWhatIsReadAndNeverOfTheLabels) {
  const Tokenizer& tokenizer = augmented_tokenizer();
  const EncodedCorpus corpus = some_corpus(tokenizer);
  AugmentationOptions options;
  options.source_word_dropout = 0.25, options.target_word_dropout = 0.5;
  const Augmentation augmentation(options, tokenizer, tokenizer, 1);
  int64_t source_dropped = 0, target_dropped = 0, source_tokens = 0, target_tokens = 0;
  for (int64_t epoch = 0; epoch < 20; ++epoch) {
    for (int64_t pair = 0; pair < corpus.size(); ++pair) {
      const auto result = augmentation.apply(corpus, pair, epoch);
      const auto labels = corpus.target(pair);
      EXPECT_TRUE(std::equal(labels.begin(), labels.end(), result.target.begin(), result.target.end()));
      EXPECT_EQ(result.target_read.size(), result.target.size());
      EXPECT_EQ(result.source.back(), 0);
      source_dropped += std::count(result.source.begin(), result.source.end(), 1);
      target_dropped += std::count(result.target_read.begin(), result.target_read.end(), 1);
      source_tokens += corpus.source_length(pair) - 1, target_tokens += corpus.target_length(pair) - 1;
    }
  }
  EXPECT_NEAR(double(source_dropped) / double(source_tokens), 0.25, 0.02);
  EXPECT_NEAR(double(target_dropped) / double(target_tokens), 0.5, 0.02);
}

TEST(Augmentation, RefusesTheSamplingOfTheOtherKindOfTokenizer) {
  AugmentationOptions unigram, bpe;
  unigram.subword_sampling = 0.1, bpe.bpe_dropout = 0.1;
  EXPECT_NO_THROW(unigram.check(true));
  EXPECT_NO_THROW(bpe.check(false));
  EXPECT_THROW(unigram.check(false), UsageError);
  EXPECT_THROW(bpe.check(true), UsageError);
}

TEST(Augmentation, RefusesASideOrPassesOfSamplingWithoutSampling) {
  AugmentationOptions side, passes;
  side.sampled_side = "source", passes.sampling_epochs = 3;
  for (const bool unigram : {true, false}) {
    EXPECT_THROW(side.check(unigram), UsageError);
    EXPECT_THROW(passes.check(unigram), UsageError);
    (unigram ? side.subword_sampling : side.bpe_dropout) = 0.1;
    (unigram ? passes.subword_sampling : passes.bpe_dropout) = 0.1;
    EXPECT_NO_THROW(side.check(unigram));
    EXPECT_NO_THROW(passes.check(unigram));
    side.subword_sampling = passes.subword_sampling = 0;
  }
}

}  // namespace
}  // namespace dragoman
