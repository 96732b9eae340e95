#include "tokenizer/trainer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"
#include "tests/tokenizer/sample_text.h"
#include "tokenizer/tokenizer.h"

namespace dragoman {
namespace {

// Both types of model have the same properties.
class EachType : public testing::TestWithParam<std::string> {
 protected:
  TokenizerOptions options(int64_t vocab_size = 60) const {
    return small_tokenizer_options(GetParam(), vocab_size);
  }
};
INSTANTIATE_TEST_SUITE_P(Trainer, EachType, testing::Values("unigram", "bpe"),
                         [](const auto& parameter) { return parameter.param; });

template <typename ErrorType>
std::string message_of(const std::vector<std::string>& lines, const TokenizerOptions& options) {
  try {
    train_on(lines, options);
  } catch (const ErrorType& error) {
    return error.what();
  }
  return "no error of this kind";
}

TEST_P(EachType, HasTheIdsOfTheModelFolder) {
  const TrainedTokenizer trained = train_on(sample_lines(200), options());
  EXPECT_EQ(trained.pieces, 60);
  EXPECT_TRUE(trained.notes.empty());
  const Vocabulary vocabulary = vocabulary_of(trained.model, "sample");
  EXPECT_EQ(vocabulary.size(), 61);
  EXPECT_EQ(vocabulary.eos_id(), 0);
  EXPECT_EQ(vocabulary.unk_id(), 1);
  EXPECT_EQ(vocabulary.pad_id(), 60);
  EXPECT_EQ(vocabulary.find("<s>"), std::nullopt);
}

TEST_P(EachType, GivesTheSameBytesForTheSameText) {
  EXPECT_EQ(train_on(sample_lines(200), options()).model, train_on(sample_lines(200), options()).model);
}

TEST_P(EachType, LowersAVocabularyThatTheTextCannotFillAndReportsIt) {
  const TrainedTokenizer trained = train_on(sample_lines(50), options(30'000));
  EXPECT_LT(trained.pieces, 30'000);
  ASSERT_EQ(trained.notes.size(), 1u);
  EXPECT_EQ(trained.notes[0].find("vocabulary lowered from 30000 to " + std::to_string(trained.pieces)), 0u)
      << trained.notes[0];
  EXPECT_EQ(vocabulary_of(trained.model, "sample").size(), trained.pieces + 1);
}

TEST_P(EachType, NamesTheSmallestVocabularyThatHoldsTheCharacters) {
  const std::vector<std::string> lines = {"abcdefgh abcdefgh", "abcdefgh"};
  // Eight letters, the symbol for a space, </s> and <unk>.
  const std::string message = message_of<ConfigError>(lines, options(10));
  EXPECT_NE(message.find("--vocab-size"), std::string::npos) << message;
  EXPECT_NE(message.find("at least 11 "), std::string::npos) << message;
  EXPECT_EQ(train_on(lines, options(11)).pieces, 11);
}

TEST_P(EachType, RefusesTextWithNothingToLearnFrom) {
  const std::vector<std::string> nothing = {
      "", "  ", "\t\xC2\xA0\xE3\x80\x80", std::string("\0\x01", 2), "</s> <unk>", "\xEF\xBB\xBF", "\xFF"};
  EXPECT_NE(message_of<DataError>({}, options()).find("sample.txt"), std::string::npos);
  EXPECT_NE(message_of<DataError>(nothing, options()).find("got none"), std::string::npos);
}

TEST_P(EachType, LearnsFromASingleCharacter) {
  EXPECT_GE(train_on({"漢"}, options()).pieces, 4);
}

TEST_P(EachType, NeverMakesAPieceOfASpecialToken) {
  std::vector<std::string> lines;
  for (int i = 0; i < 300; ++i)
    lines.push_back(i % 2 ? "<pad><pad> x</s>y <unk>" : "a <pad> ＜pad＞ </s> <unk>");
  // vocabulary_of refuses a model with a piece <pad>, and its constructor one with a second </s> or <unk>.
  const TrainedTokenizer trained = train_on(lines, options(1000));
  EXPECT_EQ(vocabulary_of(trained.model, "sample").pad_id(), trained.pieces);
}

TEST_P(EachType, AcceptsLinesWithNulInvalidBytesAndReservedCharacters) {
  const std::string with_all = std::string("quick\0brown", 11) + " \xFF\xE2\x96\x85 fox";
  const TrainedTokenizer trained = train_on(std::vector<std::string>(20, with_all), options(1000));
  const Vocabulary vocabulary = vocabulary_of(trained.model, "sample");
  for (const char* letter : {"q", "b", "x"}) EXPECT_TRUE(vocabulary.find(letter)) << letter;
}

TEST_P(EachType, UsesTheWholeOfAVeryLongLine) {
  std::string with_spaces;
  for (int i = 0; i < 2'000; ++i) with_spaces += "tür ön ";
  const std::string without_spaces(70'000, 'x');
  const TrainedTokenizer trained = train_on({with_spaces + "Q", without_spaces + "Z"}, options(1000));
  const Vocabulary vocabulary = vocabulary_of(trained.model, "sample");
  for (const char* piece : {"Q", "Z", "t"}) EXPECT_TRUE(vocabulary.find(piece)) << piece;
}

TEST_P(EachType, KeepsEachUserSymbolInOnePiece) {
  TokenizerOptions with_symbols = options();
  with_symbols.user_symbols = {"<sep>", "@a,\"b\"@", ">>de<<"};
  const TrainedTokenizer trained = train_on(sample_lines(200), with_symbols);
  const Tokenizer tokenizer =
      Tokenizer::from_bytes(trained.model, vocabulary_of(trained.model, "sample"), "sample");
  for (const std::string& symbol : with_symbols.user_symbols) {
    const std::vector<std::string> pieces = tokenizer.encode_pieces("ba" + symbol + "ke");
    EXPECT_EQ(std::count(pieces.begin(), pieces.end(), symbol), 1) << symbol;
    EXPECT_EQ(tokenizer.decode(tokenizer.encode("ba" + symbol + "ke")), "ba" + symbol + "ke");
  }
}

TEST_P(EachType, MakesSymbolsOfTheLanguageTagsThatBeginLines) {
  std::vector<std::string> lines = sample_lines(200);
  for (size_t i = 0; i < lines.size(); ++i) lines[i] = (i % 2 ? ">>de<< " : ">>fr<< ") + lines[i];
  lines.push_back(">>once<< ba ke");
  const TrainedTokenizer trained = train_on(lines, options());
  const Vocabulary vocabulary = vocabulary_of(trained.model, "sample");
  EXPECT_EQ(vocabulary.language_codes(), (std::vector<std::string>{">>de<<", ">>fr<<"}));
  ASSERT_EQ(trained.notes.size(), 1u);
  EXPECT_NE(trained.notes[0].find(">>de<< (100 lines), >>fr<< (100 lines)"), std::string::npos);
  const Tokenizer tokenizer = Tokenizer::from_bytes(trained.model, vocabulary, "sample");
  std::vector<int64_t> expected = tokenizer.encode("ba ke");
  expected.insert(expected.begin(), vocabulary.id(">>de<<"));
  EXPECT_EQ(tokenizer.encode_source(">>de<< ba ke"), expected);
}

TEST_P(EachType, DoesNotCutATrainingLineThatHasOnlyAUserSymbol) {
  TokenizerOptions with_symbol = options();
  with_symbol.user_symbols = {"<sep>"};
  EXPECT_NE(message_of<DataError>({"<sep>", "<sep> <sep>"}, with_symbol).find("got none"), std::string::npos);
}

TEST_P(EachType, SpellsUnknownCharactersInBytesWithByteFallback) {
  TokenizerOptions with_bytes = options(400);
  with_bytes.byte_fallback = true;
  const TrainedTokenizer trained = train_on(sample_lines(200), with_bytes);
  const Tokenizer tokenizer =
      Tokenizer::from_bytes(trained.model, vocabulary_of(trained.model, "sample"), "sample");
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("ba 漢字 😀")), "ba 漢字 😀");
}

TEST_P(EachType, UsesASampleOfManyLines) {
  TokenizerOptions sampled = options();
  sampled.tokenizer_sample = 200;
  const std::vector<std::string> lines = sample_lines(400);
  const TrainedTokenizer trained = train_on(lines, sampled);
  ASSERT_EQ(trained.notes.size(), 1u);
  EXPECT_EQ(trained.notes[0], "tokenizer trained on 200 of 400 lines");
  EXPECT_EQ(trained.model, train_on(lines, sampled).model);
  const std::vector<std::string> first_half(lines.begin(), lines.begin() + 200);
  EXPECT_NE(trained.model, train_on(first_half, sampled).model);
}

std::vector<std::string> sample_of(const std::vector<std::string>& lines, int64_t capacity) {
  TokenizerLines sampled(small_tokenizer_options(), capacity);
  for (const std::string& line : lines) sampled.add(line);
  EXPECT_EQ(sampled.seen(), std::ssize(lines));
  std::vector<std::string> result;
  for (const std::string* line : sampled.lines()) result.push_back(*line);
  return result;
}

TEST(TokenizerLines, KeepsAllLinesInTheirOrderWithinTheLimits) {
  const std::vector<std::string> lines = sample_lines(1000);
  EXPECT_EQ(sample_of(lines, 1000), lines);
  EXPECT_EQ(sample_of(lines, 5000), lines);
}

TEST(TokenizerLines, IsAUniformSample) {
  std::vector<std::string> lines;
  for (int i = 0; i < 10'000; ++i) lines.push_back(std::to_string(i));
  const std::vector<std::string> sample = sample_of(lines, 2000);
  ASSERT_EQ(sample.size(), 2000u);
  std::vector<int> tenths(10);
  for (size_t i = 0; i < sample.size(); ++i) {
    const int number = std::stoi(sample[i]);
    ++tenths[number / 1000];
    if (i > 0) {
      EXPECT_LT(std::stoi(sample[i - 1]), number);  // in their order
    }
  }
  for (const int count : tenths) EXPECT_NEAR(count, 200, 50);  // a standard deviation of 12
}

TEST(TokenizerLines, IsBoundedInBytesToo) {
  // 5,000 lines of 1,000 bytes: the limit is 100 bytes for each of 20,000.
  std::vector<std::string> lines;
  for (int i = 0; i < 5000; ++i) lines.push_back(std::to_string(i) + std::string(1000, 'x'));
  const std::vector<std::string> sample = sample_of(lines, 20'000);
  size_t bytes = 0;
  for (const std::string& line : sample) bytes += line.size();
  EXPECT_LE(bytes, 2'000'000u);
  EXPECT_GT(bytes, 1'990'000u);
  EXPECT_NEAR(std::stoi(sample[sample.size() / 2]), 2500, 200);
  // A few long lines stay whatever the number.
  EXPECT_EQ(sample_of({std::string(8000, 'x'), std::string(8000, 'y')}, 2).size(), 2u);
}

TEST(Trainer, RefusesUserSymbolsThatCannotBePieces) {
  for (const std::string symbol : {"</s>", "<unk>", "<pad>", "", "a b", "\xE2\x96\x81x", "\xFF"}) {
    TokenizerOptions options = small_tokenizer_options();
    options.user_symbols = {symbol};
    EXPECT_NE(message_of<ConfigError>(sample_lines(50), options).find("--user-symbols"), std::string::npos)
        << symbol;
  }
  TokenizerOptions twice = small_tokenizer_options();
  twice.user_symbols = {"<sep>", "<sep>"};
  EXPECT_NE(message_of<ConfigError>(sample_lines(50), twice).find("once"), std::string::npos);
}

TEST(Trainer, RefusesAVocabularyThatSymbolsAloneFill) {
  TokenizerOptions options = small_tokenizer_options("unigram", 200);
  options.byte_fallback = true;
  EXPECT_NE(message_of<ConfigError>(sample_lines(50), options).find("more than the 258 pieces"),
            std::string::npos);
}

TEST(Trainer, AddsLanguageCodesBeforePadding) {
  TokenizerOptions options = small_tokenizer_options();
  options.user_symbols = {">>de<<"};
  const TrainedTokenizer trained = train_on(sample_lines(200), options);
  const Vocabulary vocabulary = vocabulary_of(trained.model, "sample", {">>de<<", ">>fr<<"});
  EXPECT_EQ(vocabulary.size(), 62);
  EXPECT_EQ(vocabulary.find(">>fr<<"), 60);
  EXPECT_EQ(vocabulary.pad_id(), 61);
}

TEST(Trainer, RefusesBytesThatAreNotAModel) {
  EXPECT_THROW(vocabulary_of("not a model", "x.spm"), ModelError);
}

}  // namespace
}  // namespace dragoman
