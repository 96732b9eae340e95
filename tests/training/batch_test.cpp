// uses: torch
#include "training/batch.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/random.h"
#include "runtime/torch.h"
#include "tests/tokenizer/sample_text.h"

namespace dragoman {
namespace {

constexpr PadIds kPad{9, 8};

EncodedCorpus three_pairs() {
  return EncodedCorpus::from_ids({{5, 6, 7, 0}, {4, 0}, {3, 3, 0}}, {{2, 0}, {6, 5, 4, 3, 0}, {7, 7, 0}});
}

EncodedCorpus corpus_of(int pairs) {
  SplitMix64 random(1);
  std::vector<std::vector<int32_t>> source, target;
  for (int i = 0; i < pairs; ++i) {
    source.emplace_back(2 + random.below(10), 3);
    target.emplace_back(2 + random.below(10), 4);
  }
  return EncodedCorpus::from_ids(source, target);
}

bool same(const torch::Tensor& given, const torch::Tensor& expected) {
  return given.sizes() == expected.sizes() && given.scalar_type() == torch::kInt64 && given.equal(expected);
}

TEST(Batch, ShiftsTheTargetRightBehindPaddingAndPadsShortRows) {
  const Batch batch = make_batch(three_pairs(), {0, 1, 2}, kPad);
  EXPECT_TRUE(
      same(batch.source, torch::tensor({5, 6, 7, 0, 4, 0, 9, 9, 3, 3, 0, 9}, torch::kInt64).view({3, 4})));
  EXPECT_TRUE(same(batch.labels,
                   torch::tensor({2, 0, 8, 8, 8, 6, 5, 4, 3, 0, 7, 7, 0, 8, 8}, torch::kInt64).view({3, 5})));
  EXPECT_TRUE(same(batch.decoder_input,
                   torch::tensor({8, 2, 8, 8, 8, 8, 6, 5, 4, 3, 8, 7, 7, 8, 8}, torch::kInt64).view({3, 5})));
}

TEST(Batch, CountsTheLabelsThatAreNotPadding) {
  EXPECT_EQ(make_batch(three_pairs(), {0, 1, 2}, kPad).label_tokens, 2 + 5 + 3);
  EXPECT_EQ(make_batch(three_pairs(), {2}, kPad).label_tokens, 3);
}

TEST(Batch, TakesThePairsInTheOrderGivenAndIsAsWideAsItsOwnLongest) {
  const Batch batch = make_batch(three_pairs(), {2, 0}, kPad);
  EXPECT_EQ(batch.pairs, (BatchIndices{2, 0}));
  EXPECT_TRUE(same(batch.source, torch::tensor({3, 3, 0, 9, 5, 6, 7, 0}, torch::kInt64).view({2, 4})));
  EXPECT_EQ(batch.labels.sizes(), (std::vector<int64_t>{2, 3}));
}

std::vector<BatchStream::Item> take(const EncodedCorpus& corpus, uint64_t seed, const DataPosition& start,
                                    int count, int threads = 1) {
  BatchStream stream(corpus, {40, seed, kPad, nullptr, false, threads}, start);
  std::vector<BatchStream::Item> items;
  for (int i = 0; i < count; ++i) items.push_back(stream.next());
  return items;
}

std::vector<BatchIndices> pairs_of(const std::vector<BatchStream::Item>& items) {
  std::vector<BatchIndices> all;
  for (const auto& item : items) all.push_back(item.parts.at(0).pairs);
  return all;
}

// Every part of every batch of some passes holds max_tokens and no pair twice; all pairs of the plan are
// there.
void expect_parts_within(const EncodedCorpus& corpus, const StreamOptions& options, int64_t* cut) {
  BatchStream stream(corpus, options, {});
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    for (const BatchIndices& planned : plan_epoch(corpus, options.max_tokens, options.seed, epoch)) {
      const BatchStream::Item item = stream.next();
      BatchIndices pairs;
      for (const Batch& part : item.parts) {
        const int64_t width = std::max(part.source.size(1), part.labels.size(1));
        EXPECT_TRUE(part.source.size(0) * width <= options.max_tokens || part.source.size(0) == 1);
        pairs.insert(pairs.end(), part.pairs.begin(), part.pairs.end());
        EXPECT_EQ(part.label_tokens, part.labels.ne(kPad.target).sum().item<int64_t>());
      }
      *cut += item.parts.size() > 1;
      BatchIndices expected = planned;
      std::sort(pairs.begin(), pairs.end()), std::sort(expected.begin(), expected.end());
      EXPECT_EQ(pairs, expected);
    }
  }
}

TEST(BatchStream, SampledSegmentationsStayWithinMaxTokens) {
  const auto trained = train_on(sample_lines(200), small_tokenizer_options("unigram", 150));
  const Tokenizer tokenizer =
      Tokenizer::from_bytes(trained.model, vocabulary_of(trained.model, "sample"), "sample");
  std::vector<std::vector<int32_t>> ids;
  for (const std::string& line : sample_lines(100, 5)) {
    ids.emplace_back();
    for (const int64_t id : tokenizer.encode(line)) ids.back().push_back(static_cast<int32_t>(id));
    ids.back().push_back(0);
  }
  const EncodedCorpus corpus = EncodedCorpus::from_ids(ids, ids);
  AugmentationOptions options;
  for (const double alpha : {0.3, 0.01}) {
    options.subword_sampling = alpha;
    for (const int64_t max_tokens : {15, 60, 200}) {
      const Augmentation augmentation(options, tokenizer, tokenizer, 1, max_tokens);
      int64_t cut = 0;
      expect_parts_within(corpus, {max_tokens, 1, kPad, &augmentation}, &cut);
      EXPECT_TRUE(cut > 0 || max_tokens == 15) << alpha << " " << max_tokens;
    }
  }
}

TEST(BatchStream, PlannedBatchesAreNotCut) {
  int64_t cut = 0;
  expect_parts_within(corpus_of(50), {40, 1, kPad}, &cut);
  EXPECT_EQ(cut, 0);
}

TEST(BatchStream, GivesTheEpochsPlansOneAfterTheOther) {
  const EncodedCorpus corpus = corpus_of(50);
  BatchPlan expected;
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    for (const auto& batch : plan_epoch(corpus, 40, 7, epoch)) expected.push_back(batch);
  }
  EXPECT_EQ(pairs_of(take(corpus, 7, {}, static_cast<int>(expected.size()))), expected);
}

TEST(BatchStream, HasTheSameOrderForTheSameSeedAndAnotherForAnother) {
  const EncodedCorpus corpus = corpus_of(50);
  EXPECT_EQ(pairs_of(take(corpus, 1, {}, 30)), pairs_of(take(corpus, 1, {}, 30)));
  EXPECT_NE(pairs_of(take(corpus, 1, {}, 30)), pairs_of(take(corpus, 2, {}, 30)));
}

TEST(BatchStream, GoesOnFromAnyPosition) {
  const EncodedCorpus corpus = corpus_of(20);
  const auto all = take(corpus, 3, {}, 40);
  int64_t epochs = 0;
  for (size_t i = 0; i + 5 < all.size(); ++i) {
    const auto rest = take(corpus, 3, all[i].after, 5);
    for (size_t j = 0; j < 5; ++j) {
      EXPECT_EQ(rest[j].parts.at(0).pairs, all[i + 1 + j].parts.at(0).pairs) << "from " << i;
      EXPECT_EQ(rest[j].after.epoch, all[i + 1 + j].after.epoch);
      EXPECT_EQ(rest[j].after.batch, all[i + 1 + j].after.batch);
    }
    EXPECT_EQ(all[i].ends_epoch, all[i].after.batch == 0);
    epochs += all[i].ends_epoch;
  }
  EXPECT_GE(epochs, 2) << "no epoch ended: nothing was tested";
}

TEST(BatchStream, ThreadsThatMakeBatchesSideBySideKeepTheirOrder) {
  const EncodedCorpus corpus = corpus_of(50);
  for (const DataPosition& start : {DataPosition{0, 0}, DataPosition{1, 3}}) {
    const auto alone = take(corpus, 4, start, 60), together = take(corpus, 4, start, 60, 5);
    for (size_t i = 0; i < alone.size(); ++i) {
      EXPECT_EQ(together[i].parts.at(0).pairs, alone[i].parts.at(0).pairs);
      EXPECT_TRUE(together[i].parts.at(0).source.equal(alone[i].parts.at(0).source));
      EXPECT_EQ(together[i].after.epoch, alone[i].after.epoch);
      EXPECT_EQ(together[i].after.batch, alone[i].after.batch);
      EXPECT_EQ(together[i].ends_epoch, alone[i].ends_epoch);
    }
  }
}

TEST(BatchStream, APositionBehindTheLastBatchIsTheNextEpoch) {
  const EncodedCorpus corpus = corpus_of(20);
  const auto batches = static_cast<int64_t>(plan_epoch(corpus, 40, 3, 0).size());
  EXPECT_EQ(take(corpus, 3, {0, batches}, 1)[0].parts.at(0).pairs,
            take(corpus, 3, {1, 0}, 1)[0].parts.at(0).pairs);
}

TEST(BatchStream, NextThrowsWhatItsThreadThrew) {
  const EncodedCorpus nothing = EncodedCorpus::from_ids({}, {});
  BatchStream stream(nothing, {40, 1, kPad}, {});
  EXPECT_ANY_THROW(stream.next());
  EXPECT_ANY_THROW(stream.next());  // again, instead of waiting for ever
}

TEST(BatchStream, EndsAtOnceWhateverItsThreadIsDoing) {
  const EncodedCorpus corpus = corpus_of(200);
  for (int taken = 0; taken < 50; ++taken) {
    BatchStream stream(corpus, {40, 1, kPad, nullptr, false, 1 + taken % 4}, {});
    for (int i = 0; i < taken % 12; ++i) stream.next();
  }
}

}  // namespace
}  // namespace dragoman
