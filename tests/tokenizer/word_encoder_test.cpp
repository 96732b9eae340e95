#include "tokenizer/word_encoder.h"

#include <gtest/gtest.h>

#include <cstring>

#include "tests/tokenizer/sample_text.h"

namespace dragoman {
namespace {

Tokenizer tokenizer_of(const std::string& type, TokenizerOptions options,
                       const std::vector<std::string>& lines = sample_lines(300)) {
  options.tokenizer_type = choice_of<TokenizerType>(type).value();
  const TrainedTokenizer trained = train_on(lines, options);
  return Tokenizer::from_bytes(trained.model, vocabulary_of(trained.model, "sample", {">>de<<"}), "sample");
}

std::vector<int32_t> whole_line(const Tokenizer& tokenizer, std::string_view line) {
  const std::vector<int64_t> ids = tokenizer.encode_source(line);
  return {ids.begin(), ids.end()};
}

// Lines of words of the sample, and of what may be between, in and around them.
std::vector<std::string> hostile_lines(int count) {
  const std::vector<std::string> parts = {"ba",
                                          "kelo",
                                          "tür",
                                          "schön",
                                          "mi.",
                                          "nu",
                                          " ",
                                          "  ",
                                          "\t",
                                          "\xC2\xA0",
                                          "\xE3\x80\x80",
                                          "\xE2\x80\x8B",
                                          "\xE2\x96\x81",
                                          "\xE2\x96\x85",
                                          "漢",
                                          "é",
                                          "e\xCC\x81",
                                          "ﬁ",
                                          "¨",
                                          "…",
                                          "＜",
                                          "<sep>",
                                          "</s>",
                                          "<unk>",
                                          ">>de<<",
                                          "\x07",
                                          "\r",
                                          "x",
                                          "Q",
                                          "😀",
                                          "\xEF\xBB\xBF",
                                          "１"};
  SplitMix64 random(7);
  std::vector<std::string> lines = {"", " ", ">>de<<", ">>de<< ", ">>xx<< ba", std::string(600, 'b')};
  for (int i = 0; i < count; ++i) {
    std::string line;
    for (uint64_t n = random.below(30); n > 0; --n) {
      line += parts[random.below(parts.size())];
      if (random.below(2) == 0) line += ' ';
    }
    lines.push_back(line);
  }
  return lines;
}

struct Case {
  const char *name, *type;
  Normalization normalization;
  bool byte_fallback;
  StringList symbols;

  friend void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }
};

class EachModel : public testing::TestWithParam<Case> {
 protected:
  Tokenizer tokenizer() const {
    TokenizerOptions options = small_tokenizer_options("unigram", GetParam().byte_fallback ? 340 : 80);
    options.normalization = GetParam().normalization;
    options.byte_fallback = GetParam().byte_fallback;
    options.user_symbols = GetParam().symbols;
    return tokenizer_of(GetParam().type, options);
  }
};
INSTANTIATE_TEST_SUITE_P(
    WordEncoder, EachModel,
    testing::Values(Case{"unigram", "unigram", Normalization::kIdentity, false, {}},
                    Case{"bpe", "bpe", Normalization::kIdentity, false, {}},
                    Case{"nfkc", "unigram", Normalization::kNmtNfkc, false, {}},
                    Case{"nfkc_bpe", "bpe", Normalization::kNfkcCf, false, {}},
                    Case{"bytes", "unigram", Normalization::kIdentity, true, {}},
                    Case{"bytes_bpe", "bpe", Normalization::kNmtNfkc, true, {}},
                    Case{"symbols", "unigram", Normalization::kIdentity, false, {"<sep>", "el"}},
                    Case{"symbols_bpe", "bpe", Normalization::kIdentity, false, {"<sep>", "el"}}),
    [](const auto& parameter) { return parameter.param.name; });

TEST_P(EachModel, GivesTheIdsOfTheWholeLine) {
  const Tokenizer whole = tokenizer();
  const auto splitter = std::make_shared<const WordSplitter>(whole);
  EXPECT_TRUE(splitter->keeps_words_apart());
  WordEncoder encoder(splitter, 1000), forgetful(splitter, 1);
  std::vector<std::string> lines = hostile_lines(3000);
  for (const std::string& line : sample_lines(300, 5)) lines.push_back(line);
  for (const std::string& line : lines) {
    std::vector<int32_t> ids = {42}, same = {42}, expected = whole_line(whole, line);
    expected.insert(expected.begin(), 42);
    encoder.encode_source(line, ids);
    ASSERT_EQ(ids, expected) << line;
    forgetful.encode_source(line, same);
    ASSERT_EQ(same, expected) << line;
  }
}

TEST_P(EachModel, SplitsWordsOfTheTextOnce) {
  const WordSplitter splitter(tokenizer());
  int by_word = 0, words = 0;
  for (const std::string& line : sample_lines(20, 5)) {
    for (size_t at = 0; at < line.size(); ++words) {
      const size_t end = std::min(line.find(' ', at), line.size());
      by_word += splitter.split(line.substr(at, end - at)).max_before > 1000;
      at = end + 1;
    }
  }
  // With the symbol "el" some words are left to SentencePiece.
  EXPECT_GT(by_word, GetParam().symbols.empty() ? words * 9 / 10 : words / 2);
}

// A unigram model with these pieces and scores, after </s> and <unk>; `symbol` is one of them, user-defined.
std::string model_with(const std::vector<std::pair<std::string, float>>& pieces,
                       const std::string& symbol = "") {
  const auto field = [](int number, const std::string& bytes) {
    return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(bytes.size())} + bytes;
  };
  const auto piece = [&](const std::string& text, float score, char type) {
    std::string bits(sizeof score, '\0');
    std::memcpy(bits.data(), &score, sizeof score);
    return field(1, field(1, text) + "\x15" + bits + "\x18" + type);
  };
  std::string model = piece("</s>", 0, 3) + piece("<unk>", 0, 2);
  for (const auto& [text, score] : pieces) model += piece(text, score, text == symbol ? 4 : 1);
  return model;
}

Tokenizer tokenizer_with(const std::vector<std::pair<std::string, float>>& pieces,
                         const std::string& symbol = "") {
  const std::string model = model_with(pieces, symbol);
  return Tokenizer::from_bytes(model, vocabulary_of(model, "made"), "made");
}

TEST(WordEncoder, ANearTieIsSafeOnlyAfterSmallSums) {
  const auto max_before = [](float score_of_ab) {
    const Tokenizer made =
        tokenizer_with({{"\xE2\x96\x81", -1}, {"a", -2}, {"b", -3}, {"ab", score_of_ab}, {"z", -9}});
    return WordSplitter(made).split("ab").max_before;
  };
  EXPECT_EQ(max_before(-5), -1);  // exactly a + b
  EXPECT_EQ(max_before(-5.0000005F), -1);
  EXPECT_EQ(max_before(-4.9999995F), -1);
  // Three characters, two roundings of 2^-23 each, less what is inside of the word: 3 times 9 + 10.
  EXPECT_NEAR(max_before(-4.75F), 0.25 / (6 * 0x1p-23) - 57, 1);
  EXPECT_NEAR(max_before(-5.25F), 0.25 / (6 * 0x1p-23) - 57, 1);
}

TEST(WordEncoder, GivesTheIdsOfTheWholeLineWhereRoundingDecides) {
  // 64 models in which "ab" and "a" "b" differ by a few units in the last place, in lines of growing length.
  for (int i = -32; i < 32; ++i) {
    const float score = -5.3F + static_cast<float>(i) * 0x1p-21F;
    const Tokenizer made =
        tokenizer_with({{"\xE2\x96\x81", -1.1F}, {"a", -2.1F}, {"b", -3.2F}, {"ab", score}, {"z", -9.7F}});
    WordEncoder encoder(std::make_shared<const WordSplitter>(made), 100);
    std::string line;
    for (int words = 0; words < 40; ++words) {
      line += words % 3 == 0 ? "zzb " : "ab ";
      std::vector<int32_t> ids;
      encoder.encode(line, ids);
      ASSERT_EQ(ids, whole_line(made, line)) << i << ": " << line;
    }
  }
}

TEST(WordEncoder, KnowsASymbolByItsTypeNotByItsScore) {
  // As a piece, "ab" would lose against "a" "b"; as a symbol it is always found.
  const Tokenizer made =
      tokenizer_with({{"\xE2\x96\x81", -1}, {"a", -2}, {"b", -3}, {"ab", -50}, {"z", 0}}, "ab");
  EXPECT_EQ(WordSplitter(made).split("zab").max_before, -1);
  EXPECT_GT(WordSplitter(made).split("zba").max_before, 1000);
  WordEncoder encoder(std::make_shared<const WordSplitter>(made), 100);
  std::vector<int32_t> ids;
  encoder.encode("ab zab ba", ids);
  EXPECT_EQ(ids, whole_line(made, "ab zab ba"));
}

TEST(WordEncoder, LeavesLongLinesOfNearTiesToSentencePiece) {
  const Tokenizer made =
      tokenizer_with({{"\xE2\x96\x81", -1}, {"a", -2}, {"b", -3}, {"ab", -5.0005F}, {"z", -9}});
  EXPECT_GT(WordSplitter(made).split("ab").max_before, 100);
  WordEncoder encoder(std::make_shared<const WordSplitter>(made), 100);
  std::string line;
  for (int words = 0; words < 5000; ++words) line += "ab ";  // a score of 30,000
  std::vector<int32_t> ids;
  encoder.encode(line, ids);
  EXPECT_EQ(ids, whole_line(made, line));
}

TEST(WordEncoder, DoesNotSplitWhereAPieceCrossesWords) {
  const std::string mark = "\xE2\x96\x81";
  EXPECT_TRUE(tokenizer_with({{mark, -1}, {"a", -2}, {"b", -3}, {mark + "ab", -1}}).keeps_words_apart());
  const Tokenizer crossing =
      tokenizer_with({{mark, -1}, {"a", -2}, {"b", -3}, {mark + "a" + mark + "b", -1}});
  EXPECT_FALSE(crossing.keeps_words_apart());
  WordEncoder encoder(std::make_shared<const WordSplitter>(crossing), 100);
  std::vector<int32_t> ids;
  encoder.encode("a b", ids);
  EXPECT_EQ(ids, whole_line(crossing, "a b"));
  EXPECT_EQ(ids.size(), 1u);
}

TEST(WordEncoder, DoesNotSplitAroundAddedTokens) {
  const std::string model = train_on(sample_lines(300), small_tokenizer_options("unigram", 80)).model;
  const Vocabulary vocabulary = vocabulary_of(model, "sample", {"<ent>"});
  const Tokenizer added =
      Tokenizer::from_bytes(model, vocabulary, "sample", {{"<ent>", vocabulary.id("<ent>"), true, true}});
  EXPECT_FALSE(added.keeps_words_apart());
}

}  // namespace
}  // namespace dragoman
