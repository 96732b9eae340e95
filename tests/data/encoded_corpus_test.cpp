#include "data/encoded_corpus.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "core/interrupt.h"
#include "tests/tokenizer/sample_text.h"

namespace dragoman {
namespace {

// Every letter is a piece of its own: the tokens of "abc" are ▁ a b c </s>.
Tokenizer letter_tokenizer(const std::vector<std::string>& language_codes = {}) {
  static const TrainedTokenizer trained = train_on({"a b c", "b c a"}, small_tokenizer_options("unigram", 6));
  return Tokenizer::from_bytes(trained.model, vocabulary_of(trained.model, "letters", language_codes),
                               "letters");
}

TextPairs pairs_of(const std::vector<std::string>& source, const std::vector<std::string>& target) {
  TextPairs pairs{source, target, {}, std::make_shared<std::vector<FilePair>>(1, FilePair{"a.en", "a.de"})};
  for (size_t i = 0; i < source.size(); ++i) pairs.origin.push_back({0, static_cast<int32_t>(i) + 1});
  return pairs;
}

EncodedCorpus encode(const TextPairs& pairs, const CorpusOptions& options, CorpusReport& report,
                     int64_t threads = 1) {
  report.read = report.kept = pairs.size();
  return EncodedCorpus::encode(pairs, letter_tokenizer(), letter_tokenizer(), options, threads, report);
}

std::string letters(int count) {
  return std::string(static_cast<size_t>(count), 'a');
}

std::vector<int64_t> as_vector(std::span<const int32_t> ids) {
  return {ids.begin(), ids.end()};
}

TEST(EncodedCorpus, HoldsBothSidesWithTheirEnd) {
  CorpusReport report;
  const EncodedCorpus corpus = encode(pairs_of({"ab", "c"}, {"c", "abc"}), {}, report);
  ASSERT_EQ(corpus.size(), 2);
  const Tokenizer tokenizer = letter_tokenizer();
  std::vector<int64_t> expected = tokenizer.encode("abc");
  EXPECT_EQ(expected.size(), 4u);
  expected.push_back(0);
  EXPECT_EQ(as_vector(corpus.target(1)), expected);
  EXPECT_EQ(corpus.source_length(0), 4);
  EXPECT_EQ(corpus.target_length(0), 3);
  EXPECT_EQ(corpus.source_tokens(), 4 + 3);
  EXPECT_EQ(corpus.target_tokens(), 3 + 5);
  EXPECT_EQ(report.kept, 2);
}

TEST(EncodedCorpus, DropsPairsWhoseTextTheNormalisationRemoves) {
  TokenizerOptions options = small_tokenizer_options("unigram", 6);
  options.normalization = Normalization::kNmtNfkc;
  const TrainedTokenizer trained = train_on({"a b c", "b c a"}, options);
  const Tokenizer tokenizer =
      Tokenizer::from_bytes(trained.model, vocabulary_of(trained.model, "letters"), "letters");
  // Control characters and a zero-width space, which nmt_nfkc removes.
  const TextPairs pairs = pairs_of({"a", "a", "\x07", "b"}, {"b", "\xE2\x80\x8B", "\x01 \x7F", "c"});
  CorpusReport report;
  report.read = report.kept = pairs.size();
  const EncodedCorpus corpus = EncodedCorpus::encode(pairs, tokenizer, tokenizer, {}, 1, report);
  EXPECT_EQ(corpus.size(), 2);
  EXPECT_EQ(report.examples(CorpusIssue::kOneSideBlank), (std::vector<std::string>{"a.en:2"}));
  EXPECT_EQ(report.examples(CorpusIssue::kBothSidesBlank), (std::vector<std::string>{"a.en:3"}));
  EXPECT_EQ(report.kept, 2);
}

TEST(EncodedCorpus, NamesTheLinesWithUnknownCharacters) {
  CorpusReport report;
  const EncodedCorpus corpus = encode(pairs_of({"ab", "x", "a"}, {"ab", "a", "漢"}), {}, report);
  EXPECT_EQ(corpus.size(), 3);
  EXPECT_EQ(report.examples(CorpusIssue::kUnknownCharacters), (std::vector<std::string>{"a.en:2", "a.de:3"}));
  EXPECT_EQ(report.kept, 3);
}

TEST(EncodedCorpus, PutsTheLanguageCodeOnTheSourceSideOnly) {
  CorpusReport report;
  const Tokenizer tokenizer = letter_tokenizer({">>de<<"});
  const EncodedCorpus corpus =
      EncodedCorpus::encode(pairs_of({">>de<< a"}, {">>de<< a"}), tokenizer, tokenizer, {}, 1, report);
  EXPECT_EQ(corpus.source(0)[0], tokenizer.vocabulary().id(">>de<<"));
  EXPECT_NE(corpus.target(0)[0], tokenizer.vocabulary().id(">>de<<"));
}

TEST(EncodedCorpus, UsesTheEndOfSentenceOfEachVocabulary) {
  const Tokenizer source = letter_tokenizer();
  const Tokenizer target =
      Tokenizer::from_bytes(train_on({"a b c"}, small_tokenizer_options("unigram", 6)).model,
                            Vocabulary({"<pad>", "a", "b", "c", "<unk>", "</s>"}), "other");
  CorpusReport report;
  const EncodedCorpus corpus = EncodedCorpus::encode(pairs_of({"a"}, {"a"}), source, target, {}, 1, report);
  EXPECT_EQ(corpus.source(0).back(), 0);
  EXPECT_EQ(corpus.target(0).back(), 5);
}

TEST(EncodedCorpus, DropsAndNamesPairsThatAreTooLongOnEitherSide) {
  CorpusReport report;
  // n letters are n + 2 tokens.
  const TextPairs pairs = pairs_of({letters(8), letters(9), "a"}, {letters(8), "a", letters(9)});
  const EncodedCorpus corpus = encode(pairs, {.max_train_length = 10}, report);
  EXPECT_EQ(corpus.size(), 1);
  EXPECT_EQ(report.examples(CorpusIssue::kTooLong), (std::vector<std::string>{"a.en:2", "a.en:3"}));
  EXPECT_EQ(report.kept, 1);
}

TEST(EncodedCorpus, DropsLongPairsOfVeryUnequalLength) {
  CorpusReport report;
  const CorpusOptions options{.max_train_length = 0, .max_length_ratio = 3};
  // The shorter side counts as at least ten tokens: 30 tokens are kept against 3, 31 are not.
  const TextPairs pairs =
      pairs_of({letters(28), letters(29), letters(18), letters(18)}, {"a", "a", letters(58), letters(59)});
  const EncodedCorpus corpus = encode(pairs, options, report);
  EXPECT_EQ(corpus.size(), 2);
  EXPECT_EQ(report.examples(CorpusIssue::kUnequalLengths), (std::vector<std::string>{"a.en:2", "a.en:4"}));
  EXPECT_EQ(corpus.source_length(0), 30);
  EXPECT_EQ(corpus.source_length(1), 20);
}

TEST(EncodedCorpus, KeepsAllWhenThereIsNoLimit) {
  CorpusReport report;
  const CorpusOptions no_limit{.max_train_length = 0, .max_length_ratio = 0};
  EXPECT_EQ(encode(pairs_of({letters(5000)}, {"a"}), no_limit, report).size(), 1);
}

TEST(EncodedCorpus, RefusesToBeEmpty) {
  CorpusReport report;
  try {
    encode(pairs_of({letters(50)}, {"a"}), {.max_train_length = 10}, report);
    FAIL() << "expected a DataError";
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("a.en:1"), std::string::npos) << error.what();
  }
}

TEST(EncodedCorpus, IsTheSameForAnyNumberOfThreads) {
  // Several blocks, with pairs that are dropped and characters that are not known.
  const Tokenizer tokenizer = letter_tokenizer({">>de<<"});
  std::vector<std::string> source, target;
  SplitMix64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    source.push_back((i % 5 == 0 ? ">>de<< " : "") + letters(1 + random.below(20)) + " b");
    target.push_back(letters(1 + random.below(20)) + (i % 7 == 0 ? " x" : " c"));
  }
  const TextPairs pairs = pairs_of(source, target);
  const CorpusOptions options{.max_train_length = 15};
  CorpusReport expected;
  std::vector<int64_t> kept;
  for (int64_t i = 0; i < pairs.size(); ++i) {
    const auto issue = pair_issue(tokenizer.encode_source(source[i]).size() + 1,
                                  tokenizer.encode(target[i]).size() + 1, options);
    if (issue) {
      expected.add(*issue, pairs.place(i));
    } else {
      kept.push_back(i);
      if (i % 7 == 0) expected.add(CorpusIssue::kUnknownCharacters, pairs.at(i).place(true));
    }
  }
  ASSERT_LT(kept.size(), source.size());
  for (const int64_t threads : {0, 1, 2, 3, 7}) {
    CorpusReport report;
    const EncodedCorpus corpus = EncodedCorpus::encode(pairs, tokenizer, tokenizer, options, threads, report);
    ASSERT_EQ(corpus.size(), std::ssize(kept)) << threads;
    for (int64_t i = 0; i < corpus.size(); ++i) {
      std::vector<int64_t> ids = tokenizer.encode_source(source[kept[i]]);
      ids.push_back(0);
      ASSERT_EQ(as_vector(corpus.source(i)), ids);
      ids = tokenizer.encode(target[kept[i]]);
      ids.push_back(0);
      ASSERT_EQ(as_vector(corpus.target(i)), ids);
    }
    for (const CorpusIssue issue : {CorpusIssue::kTooLong, CorpusIssue::kUnknownCharacters}) {
      EXPECT_EQ(report.examples(issue), expected.examples(issue));
      EXPECT_EQ(report.count(issue), expected.count(issue));
    }
    EXPECT_EQ(report.kept, std::ssize(kept) - std::ssize(pairs.source));
    EXPECT_EQ(corpus.source_statistics().tokens, corpus.source_tokens());
    EXPECT_EQ(corpus.target_statistics().sentences, corpus.size());
    EXPECT_EQ(corpus.target_statistics().unknown,
              report.count(CorpusIssue::kUnknownCharacters));  // one x each
  }
}

TEST(CorpusEncoder, StopsWhenASignalAsks) {
  struct Cleared {
    ~Cleared() { clear_interrupt(); }
  } cleared;
  const Tokenizer tokenizer = letter_tokenizer();
  const TextPairs pairs =
      pairs_of(std::vector<std::string>(10'000, "a b"), std::vector<std::string>(10'000, "c"));
  for (const int64_t threads : {1, 3}) {
    CorpusReport report;
    CorpusEncoder encoder(tokenizer, tokenizer, {}, threads, report);
    encoder.add(pairs.at(0));
    request_interrupt(15);
    EXPECT_THROW(
        {
          for (int64_t i = 0; i < pairs.size(); ++i) encoder.add(pairs.at(i));
          encoder.finish();
        },
        Interrupted);
    clear_interrupt();
  }
}

TEST(EncodedCorpus, IsTheSameInATemporaryFile) {
  const TemporaryFolder folder;
  std::vector<std::string> lines;
  for (int i = 0; i < 100'000; ++i) lines.push_back(letters(1 + i % 7));  // more than one block
  const TextPairs pairs = pairs_of(lines, lines);
  const Tokenizer tokenizer = letter_tokenizer();
  CorpusReport report;
  const EncodedCorpus in_memory = EncodedCorpus::encode(pairs, tokenizer, tokenizer, {}, 2, report);
  CorpusEncoder encoder(tokenizer, tokenizer, {.corpus_memory = 0}, 2, report, folder.path(""));
  for (int64_t i = 0; i < pairs.size(); ++i) encoder.add(pairs.at(i));
  const EncodedCorpus in_file = encoder.finish();
  EXPECT_TRUE(encoder.spilled());
  ASSERT_EQ(in_file.size(), in_memory.size());
  for (int64_t i = 0; i < in_file.size(); ++i) {
    ASSERT_EQ(as_vector(in_file.source(i)), as_vector(in_memory.source(i)));
    ASSERT_EQ(as_vector(in_file.target(i)), as_vector(in_memory.target(i)));
  }
  EXPECT_EQ(in_file.target_tokens(), in_memory.target_tokens());
}

}  // namespace
}  // namespace dragoman
