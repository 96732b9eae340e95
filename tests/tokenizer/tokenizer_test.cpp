#include "tokenizer/tokenizer.h"

#include <gtest/gtest.h>
#include <sentencepiece_processor.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <thread>

#include "core/error.h"
#include "core/files.h"
#include "core/lines.h"
#include "core/utf8.h"
#include "tests/support/test_data.h"
#include "tests/tokenizer/sample_text.h"
#include "tokenizer/sentencepiece_model.h"

namespace dragoman {
namespace {

const TrainedTokenizer& trained(const std::string& type) {
  static const TrainedTokenizer unigram = train_on(sample_lines(300), small_tokenizer_options("unigram"));
  static const TrainedTokenizer bpe = train_on(sample_lines(300), small_tokenizer_options("bpe"));
  return type == "bpe" ? bpe : unigram;
}

Tokenizer tokenizer_of(const std::string& type, const std::vector<std::string>& language_codes = {}) {
  const std::string& model = trained(type).model;
  return Tokenizer::from_bytes(model, vocabulary_of(model, type, language_codes), type);
}

class EachTokenizer : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Tokenizer, EachTokenizer, testing::Values("unigram", "bpe"),
                         [](const auto& parameter) { return parameter.param; });

TEST_P(EachTokenizer, GivesBackTheTextThatItEncoded) {
  const Tokenizer tokenizer = tokenizer_of(GetParam());
  for (const std::string& line : sample_lines(200, 2))
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(line)), line);
}

TEST_P(EachTokenizer, EncodesThePiecesThatItShows) {
  const Tokenizer tokenizer = tokenizer_of(GetParam());
  const std::string line = sample_lines(1, 3)[0];
  std::vector<int64_t> expected;
  for (const std::string& piece : tokenizer.encode_pieces(line))
    expected.push_back(tokenizer.vocabulary().id(piece));
  EXPECT_EQ(tokenizer.encode(line), expected);
}

TEST_P(EachTokenizer, NeverTakesTextForASpecialToken) {
  const Tokenizer tokenizer = tokenizer_of(GetParam(), {">>de<<"});
  for (const std::string text : {"</s>", "<pad>", "<unk>", "ba </s> ke <pad>", "＜pad＞", "ba >>de<<"}) {
    for (const int64_t id : tokenizer.encode(text)) {
      EXPECT_NE(id, tokenizer.vocabulary().eos_id()) << text;
      EXPECT_NE(id, tokenizer.vocabulary().pad_id()) << text;
      EXPECT_NE(id, tokenizer.vocabulary().id(">>de<<")) << text;
    }
  }
}

TEST_P(EachTokenizer, NeverTakesTextForASpecialTokenIfAllItsLettersAreUnknown) {
  // SentencePiece then returns "</s>" as one unknown piece, which has the text of the special token.
  const TrainedTokenizer chinese = train_on({"漢字", "字漢"}, small_tokenizer_options(GetParam()));
  const Tokenizer tokenizer =
      Tokenizer::from_bytes(chinese.model, vocabulary_of(chinese.model, "chinese", {">>de<<"}), "chinese");
  for (const std::string text : {"</s>", "<pad>", "<unk>", "漢 >>de<<"}) {
    EXPECT_EQ(tokenizer.encode(text).back(), tokenizer.vocabulary().unk_id()) << text;
  }
}

TEST_P(EachTokenizer, GivesUnknownForUnknownCharacters) {
  const Tokenizer tokenizer = tokenizer_of(GetParam());
  const std::vector<int64_t> ids = tokenizer.encode("ba 漢 ke");
  EXPECT_EQ(std::count(ids.begin(), ids.end(), tokenizer.vocabulary().unk_id()), 1);
  EXPECT_EQ(tokenizer.decode(ids), "ba  ke");
  EXPECT_EQ(tokenizer.decode(ids, true), "ba  \xE2\x81\x87  ke");
}

TEST_P(EachTokenizer, EncodesAVeryLongTextAsItsSentences) {
  const Tokenizer tokenizer = tokenizer_of(GetParam());
  std::string text;
  std::vector<int64_t> expected;
  for (const std::string& line : sample_lines(4000, 4)) {
    text += (text.empty() ? "" : " ") + line;
    const auto ids = tokenizer.encode(line);
    expected.insert(expected.end(), ids.begin(), ids.end());
  }
  ASSERT_GT(text.size(), 100'000u);
  EXPECT_EQ(tokenizer.encode(text), expected);
  EXPECT_EQ(tokenizer.encode_pieces(text).size(), expected.size());
}

// Measures only the growth of the processor time, which depends neither on sanitizers nor on a busy machine.
TEST_P(EachTokenizer, EncodesAMillionUnknownCharactersInLinearTime) {
  const Tokenizer tokenizer = tokenizer_of(GetParam());
  const auto ticks = [&](size_t characters) {
    const std::clock_t began = std::clock();
    EXPECT_LT(tokenizer.encode(std::string(characters, 'X')).size(), 200u);  // joined to a few <unk>
    return std::clock() - began;
  };
  ticks(100'000);  // warms up
  const std::clock_t tenth = ticks(100'000);
  EXPECT_LT(ticks(1'000'000), 40 * tenth);  // 10 where the work is linear, 100 where it is quadratic
}

TEST_P(EachTokenizer, EncodesNothingToNothing) {
  const Tokenizer tokenizer = tokenizer_of(GetParam());
  EXPECT_TRUE(tokenizer.encode("").empty());
  EXPECT_TRUE(tokenizer.encode("  \t ").empty());
  EXPECT_EQ(tokenizer.decode({}), "");
}

TEST_P(EachTokenizer, SurvivesAnyBytes) {
  const Tokenizer tokenizer = tokenizer_of(GetParam());
  SplitMix64 random(1);
  for (int i = 0; i < 200; ++i) {
    std::string text;
    for (uint64_t n = random.below(40); n > 0; --n) text += static_cast<char>(random.below(256));
    for (const int64_t id : tokenizer.encode_source(text)) EXPECT_LT(id, tokenizer.vocabulary().pad_id());
  }
}

TEST_P(EachTokenizer, GivesTheSameIdsOnSeveralThreadsAtOnce) {
  const Tokenizer tokenizer = tokenizer_of(GetParam());
  const std::vector<std::string> lines = sample_lines(200, 4);
  std::vector<std::vector<int64_t>> expected, first(lines.size()), second(lines.size());
  for (const std::string& line : lines) expected.push_back(tokenizer.encode(line));
  const auto encode_all = [&](auto& result) {
    for (size_t i = 0; i < lines.size(); ++i) result[i] = tokenizer.encode(lines[i]);
  };
  std::thread other([&] { encode_all(first); });
  encode_all(second);
  other.join();
  EXPECT_EQ(first, expected);
  EXPECT_EQ(second, expected);
}

TEST(Tokenizer, SplitsOffALeadingLanguageCodeThatItKnows) {
  const Tokenizer tokenizer = tokenizer_of("unigram", {">>de<<"});
  std::vector<int64_t> expected = tokenizer.encode("bake lomi.");
  expected.insert(expected.begin(), tokenizer.vocabulary().id(">>de<<"));
  EXPECT_EQ(tokenizer.encode_source(">>de<< bake lomi."), expected);
  EXPECT_EQ(tokenizer.encode_source(">>de<<bake lomi."), expected);
  EXPECT_EQ(tokenizer.encode_source(">>de<<"), std::vector<int64_t>{expected[0]});
}

TEST(Tokenizer, TreatsALanguageCodeAsTextIfItIsUnknownOrNotAtTheBeginning) {
  const Tokenizer tokenizer = tokenizer_of("unigram", {">>de<<"});
  for (const std::string text : {">>fr<< bake", "bake >>de<<", "</s> bake", "<pad> bake", ">> bake", ">>"}) {
    EXPECT_EQ(tokenizer.encode_source(text), tokenizer.encode(text)) << text;
  }
}

TEST(Tokenizer, SkipsSpecialTokensAndKeepsPiecesOfTheOtherSideAsText) {
  // Two SentencePiece models may share one vocabulary: this one lacks ▁Haus and the language code.
  std::vector<std::string> pieces = {"</s>", "<unk>", "▁ba", "▁Haus", ">>de<<", "<pad>"};
  const Tokenizer tokenizer = Tokenizer::from_bytes(trained("unigram").model, Vocabulary(pieces), "unigram");
  EXPECT_EQ(tokenizer.decode({2, 3, 1, 5, 2, 0}), "ba Haus ba");
  EXPECT_EQ(tokenizer.decode({3, 0}), "Haus");
  EXPECT_EQ(tokenizer.decode({4, 2, 0}), ">>de<< ba");
  EXPECT_THROW(tokenizer.decode({6}), std::out_of_range);
}

TEST(Tokenizer, GivesAnUnknownCharacterItsIdWhenTheSharedVocabularyHasOne) {
  const std::vector<std::string> pieces = {"</s>", "<unk>", "▁", "漢", "<pad>"};
  const Tokenizer tokenizer = Tokenizer::from_bytes(trained("unigram").model, Vocabulary(pieces), "unigram");
  EXPECT_EQ(tokenizer.encode("漢"), (std::vector<int64_t>{2, 3}));
}

TEST(Tokenizer, GivesUnknownForAPieceThatTheVocabularyLacks) {
  const Tokenizer tokenizer =
      Tokenizer::from_bytes(trained("unigram").model, Vocabulary({"<pad>", "<unk>", "</s>"}), "unigram");
  const std::vector<int64_t> ids = tokenizer.encode("bake lomi.");
  EXPECT_FALSE(ids.empty());
  EXPECT_EQ(std::count(ids.begin(), ids.end(), 1), static_cast<int64_t>(ids.size()));
}

TEST(Tokenizer, NamesAModelFileThatIsMissingOrDamaged) {
  const Vocabulary vocabulary({"</s>", "<unk>", "<pad>"});
  const auto message_of = [&](const auto& make) -> std::string {
    try {
      make();
    } catch (const ModelError& error) {
      return error.what();
    }
    return "no ModelError";
  };
  EXPECT_NE(
      message_of([&] { Tokenizer::load("/no/such/source.spm", vocabulary); }).find("/no/such/source.spm"),
      std::string::npos);
  const std::string& model = trained("unigram").model;
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{100}, model.size() / 2, model.size() - 1}) {
    const std::string message =
        message_of([&] { Tokenizer::from_bytes(model.substr(0, bytes), vocabulary, "cut.spm"); });
    EXPECT_NE(message.find("cut.spm"), std::string::npos) << bytes << ": " << message;
  }
}

// Encoding and decoding may only reduce runs of spaces to one and remove spaces at both ends.
std::string with_single_spaces(const std::string& line) {
  std::string text;
  for (const char c : line) {
    if (c != ' ')
      text += c;
    else if (!text.empty() && text.back() != ' ')
      text += ' ';
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

const std::vector<std::string>& delicate_lines() {
  static const std::vector<std::string> lines = {
      "値段は１２３円（税込）です！本当ですか？",
      "彼は…黙った。ｶﾀｶﾅとカタカナ、㈱と株。",  // Japanese
      "他说：“你好，世界！”（１００％）；真的？",
      "第①章～第②章",                                       // Chinese
      "می\xE2\x80\x8Cخواهم کتاب\xE2\x80\x8Cها را بخوانم؟",  // Persian
      "x²+y³=½",
      "H₂O, 10⁻³ ㎏, 5 ℃, №5, Ⅷ, ™",
      "ℝⁿ → ℂ",  // formulas
      "ﬁnd ﬂow",
      "e\xCC\x81tude and étude",
      "Ａｎ ＩＤ",
      "10\xC2\xA0€\xE2\x80\xAF!",
      "👩\xE2\x80\x8D🔬 and 👍🏽, ❤\xEF\xB8\x8F",  // emoji
      "soft\xC2\xADhyphen, zero\xE2\x80\x8Bwidth, \xE2\x80\x8Fright\xE2\x80\x8E to left",
      "line\xE2\x80\xA8separator and next\xC2\x85line",
      "한국어와 한\xE1\x84\x80\xE1\x85\xA1",
  };
  return lines;
}

TokenizerOptions options_with_rule(const std::string& type, const std::string& rule) {
  TokenizerOptions options = small_tokenizer_options(type, 400);
  options.normalization = choice_of<Normalization>(rule).value();
  return options;
}

Tokenizer tokenizer_with_rule(const std::string& type, const std::string& rule) {
  std::vector<std::string> lines;
  for (int i = 0; i < 3; ++i) lines.insert(lines.end(), delicate_lines().begin(), delicate_lines().end());
  const TrainedTokenizer model = train_on(lines, options_with_rule(type, rule));
  return Tokenizer::from_bytes(model.model, vocabulary_of(model.model, rule), rule);
}

TEST_P(EachTokenizer, KeepsEveryCharacterUnlessARuleIsSet) {
  EXPECT_EQ(TokenizerOptions().normalization, Normalization::kIdentity);
  const Tokenizer tokenizer = tokenizer_with_rule(GetParam(), name_of(TokenizerOptions().normalization));
  for (const std::string& line : delicate_lines()) {
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(line)), line);
    EXPECT_EQ(tokenizer.normalized(line), line);
  }
  // SentencePiece's trainer has no piece for a tab.
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("line\tand")), "line and");
}

TEST_P(EachTokenizer, NormalisesAsTheRuleSays) {
  struct Case {
    const char *rule, *text, *expected;
  };
  for (const Case& c : {Case{"nmt_nfkc", "x²+y³=½ あ！",
                             "x2+y3=1\xE2\x81\x84"
                             "2 あ!"},
                        Case{"nfkc", "x²+y³=½ あ！",
                             "x2+y3=1\xE2\x81\x84"
                             "2 あ!"},
                        Case{"nmt_nfkc_cf", "Ａn ＩD", "an id"}, Case{"nfkc_cf", "Ａn ＩD", "an id"},
                        Case{"identity", "Ａn ＩD", "Ａn ＩD"}}) {
    std::vector<std::string> lines(20, std::string(c.text) + " " + c.expected);
    const TrainedTokenizer model = train_on(lines, options_with_rule(GetParam(), c.rule));
    const Tokenizer tokenizer =
        Tokenizer::from_bytes(model.model, vocabulary_of(model.model, c.rule), c.rule);
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(c.text)), c.expected) << c.rule;
    EXPECT_NE(model.model.find(c.rule), std::string::npos);  // the .spm file names it
  }
}

TEST_P(EachTokenizer, ReadsUnseenWhiteSpaceAsASpace) {
  const Tokenizer tokenizer = tokenizer_of(GetParam());
  const std::vector<int64_t> expected = tokenizer.encode("ba ke");
  for (const char* between : {"\t", "\xC2\xA0", "\xE2\x80\xA8", "\xE3\x80\x80", "\xE2\x80\x8B",
                              " \xEF\xBB\xBF", "\r", "\x0B", "\xC2\x85", " \xE2\x80\x8F"})
    EXPECT_EQ(tokenizer.encode("ba" + std::string(between) + "ke"), expected) << between;
  for (const char* nothing : {"\xC2\xAD", "\x07", "\xE2\x81\xA0", "\xEF\xB8\x8F", "\xE2\x80\x8D"}) {
    EXPECT_EQ(tokenizer.encode("ba ke" + std::string(nothing)), expected) << nothing;
    EXPECT_EQ(tokenizer.encode_pieces("b" + std::string(nothing) + "a ke"), tokenizer.encode_pieces("ba ke"));
  }
  EXPECT_TRUE(tokenizer.encode(" \t\xE2\x80\x8B").empty());
}

// transformers and Marian pass a text to SentencePiece unchanged.
TEST_P(EachTokenizer, ReadsUnseenSpacesAsSentencePieceDoes) {
  const Tokenizer tokenizer = tokenizer_of(GetParam());
  sentencepiece::SentencePieceProcessor alone;
  load_sentencepiece_model(trained(GetParam()).model, GetParam(), alone);
  for (const std::string text :
       {"ba\tke", "ba\xC2\xA0ke",
        "\xE3\x80\x80"
        "ba",
        "b\xC2\xAD"
        "a",
        "ba ke\xE2\x80\xA8", "ba\xE2\x80\x8B\xE2\x80\x8Bke", "\xF3\xA0\x81\xA7ke \x7F", "ba 漢\tke"})
    EXPECT_EQ(tokenizer.encode_pieces(text), alone.EncodeAsPieces(text)) << text;
}

TEST_P(EachTokenizer, LeavesTheSpacesOfAForeignModelToItsNormaliser) {
  const std::string plain = with_charsmap(trained(GetParam()).model, "");
  const Tokenizer tokenizer = Tokenizer::from_bytes(plain, vocabulary_of(plain, GetParam()), GetParam());
  for (const std::string text : {"ba\xC2\xA0ke",
                                 "b\xC2\xAD"
                                 "a"}) {
    const std::vector<int64_t> ids = tokenizer.encode(text);
    EXPECT_EQ(std::count(ids.begin(), ids.end(), tokenizer.vocabulary().unk_id()), 1) << text;
  }
}

TEST_P(EachTokenizer, SpellsUnseenSpacesInBytesWithByteFallback) {
  TokenizerOptions options = small_tokenizer_options(GetParam(), 400);
  options.byte_fallback = true;
  const TrainedTokenizer model = train_on(sample_lines(300), options);
  const Tokenizer tokenizer =
      Tokenizer::from_bytes(model.model, vocabulary_of(model.model, GetParam()), GetParam());
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("ba\xC2\xA0ke")), "ba\xC2\xA0ke");
}

void expect_round_trip(const std::vector<std::string>& names, const std::string& type) {
  std::vector<std::string> lines;
  for (const std::string& name : names) {
    const std::string path = test_data(name);
    if (path.empty()) GTEST_SKIP() << needs_test_data(name);
    LineReader reader(path);
    std::string line;
    for (int i = 0; i < 5000 && reader.next(line); ++i) lines.push_back(line);
  }
  const TrainedTokenizer model = train_on(lines, small_tokenizer_options(type, 2000));
  const Tokenizer tokenizer = Tokenizer::from_bytes(model.model, vocabulary_of(model.model, "real"), "real");
  for (const std::string& line : lines)
    ASSERT_EQ(tokenizer.decode(tokenizer.encode(line)), with_single_spaces(line));
  EXPECT_EQ(lines.size(), 10'000u);
}

TEST_P(EachTokenizer, GivesBackTenThousandLinesOfMulti30k) {
  expect_round_trip({"data/multi30k/raw/train.en.gz", "data/multi30k/raw/train.de.gz"}, GetParam());
}

TEST_P(EachTokenizer, GivesBackTenThousandLinesOfTatoeba) {
  expect_round_trip({"data/tatoeba-en-de/train.en.gz", "data/tatoeba-en-de/train.de.gz"}, GetParam());
}

}  // namespace
}  // namespace dragoman
