#include "evaluation/bleu_tokenizer.h"

#include <gtest/gtest.h>

#include <optional>

#include "core/json.h"
#include "evaluation/unicode_text.h"

namespace dragoman {
namespace {

const char kPieces[] = DRAGOMAN_TEST_DIR "/reference/pieces.spm";

// The words, with one space between.
std::string words(const std::string& tokenizer, const std::string& line) {
  const std::string tokenized = bleu_tokenizer(choice_of<Tokenization>(tokenizer).value())(line);
  std::string result;
  for (const auto word : split_words(tokenized)) result += (result.empty() ? "" : " ") + std::string(word);
  return result;
}

TEST(Tokenizer13a, SeparatesAsciiPunctuation) {
  EXPECT_EQ(words("13a", "Stop! (He said: \"no\")"), "Stop ! ( He said : \" no \" )");
  EXPECT_EQ(words("13a", "a/b x=y #t @u n_m ~ ^ ` | \\ {}"), "a / b x = y # t @ u n _ m ~ ^ ` | \\ { }");
}

TEST(Tokenizer13a, LeavesApostrophesAndDashesWithinWords) {
  EXPECT_EQ(words("13a", "don't well-known"), "don't well-known");
}

TEST(Tokenizer13a, SeparatesADashOnlyAfterADigit) {
  EXPECT_EQ(words("13a", "3-4 a-4"), "3 - 4 a-4");
}

TEST(Tokenizer13a, KeepsPeriodsAndCommasWithinNumbers) {
  EXPECT_EQ(words("13a", "1,000.25 ends 5. and a,b .5"), "1,000.25 ends 5 . and a , b . 5");
}

TEST(Tokenizer13a, MatchesDoNotOverlap) {
  // The first match takes "x.", so the period after it has no left neighbour until the next rule.
  EXPECT_EQ(words("13a", "x..y"), "x . . y");
  EXPECT_EQ(words("13a", "no..."), "no . . .");
}

TEST(Tokenizer13a, UnescapesFourEntitiesEachOnceAndInOrder) {
  EXPECT_EQ(words("13a", "&quot;a&quot; &lt;b&gt; &amp;"), "\" a \" < b > &");
  EXPECT_EQ(words("13a", "&amp;lt; &amp;quot; &apos;"), "< & quot ; & apos ;");
}

TEST(Tokenizer13a, DropsSkippedAndJoinsHyphenatedLines) {
  EXPECT_EQ(words("13a", "a<skipped>b c-\nd e\nf"), "ab cd e f");
}

TEST(Tokenizer13a, LeavesOtherPunctuationAlone) {
  EXPECT_EQ(words("13a", "«no» 好。 “a”"), "«no» 好。 “a”");
}

TEST(Tokenizer13a, TreatsAPeriodAfterALongCharacterAsAfterAnyLetter) {
  EXPECT_EQ(words("13a", "é.好,"), "é . 好 ,");
}

TEST(TokenizerChar, EveryCharacterIsAWord) {
  EXPECT_EQ(words("char", "né 好."), "n é 好 .");
}

TEST(TokenizerNone, SplitsOnlyAtWhiteSpace) {
  EXPECT_EQ(words("none", "a, b.\u00A0&quot;"), "a, b. &quot;");
}

TEST(TokenizerIntl, SeparatesUnicodePunctuationAndSymbols) {
  EXPECT_EQ(words("intl", "«no» 5€ 好。吧 a+b"), "« no » 5 € 好 。 吧 a + b");
}

TEST(TokenizerIntl, KeepsAPeriodBetweenNumbersAndAfterTheLast) {
  EXPECT_EQ(words("intl", "1.5 in 1999."), "1.5 in 1999.");
}

TEST(TokenizerZh, EveryChineseCharacterIsAWordAndTheRestIsAs13a) {
  EXPECT_EQ(words("zh", "你好。abc, 1.5"), "你 好 。 abc , 1.5");
}

TEST(TokenizerZh, KeepsSacreBleusShortenedRanges) {
  EXPECT_EQ(words("zh", "a…b"), "a … b");  // U+2026 is between U+2001 and U+2A6D
  EXPECT_EQ(words("zh", "𠀀𠀁"), "𠀀𠀁");  // U+20000, U+20001: meant, and missed
}

TEST(BleuTokenizer, OneByRulesHasItsNameAsSignature) {
  for (const Tokenization rules :
       {Tokenization::k13a, Tokenization::kChar, Tokenization::kIntl, Tokenization::kNone, Tokenization::kZh})
    EXPECT_EQ(bleu_tokenizer(rules).signature, name_of(rules));
}

TEST(BleuTokenizer, ATokenizerWithoutAModelRefusesAModel) {
  EXPECT_THROW(bleu_tokenizer(Tokenization::kZh, kPieces), UsageError);
}

TEST(BleuTokenizer, AMissingPublishedModelIsNamedWithItsAddress) {
  for (const Tokenization published :
       {Tokenization::kFlores200, Tokenization::kFlores101, Tokenization::kSpm, Tokenization::kSpBleu1K}) {
    try {
      bleu_tokenizer(published, "/nothing/here.model");
      FAIL() << name_of(published);
    } catch (const UsageError& error) {
      const std::string text = error.what();
      EXPECT_NE(text.find("/nothing/here.model"), std::string::npos) << text;
      EXPECT_NE(text.find("https://"), std::string::npos) << text;
    }
  }
}

// The stored lines, split by the same tokenizer of sacreBLEU.
void expect_words_of_sacrebleu(Tokenization tokenization, const BleuTokenizer& tokenizer) {
  const auto file = read_json_file(DRAGOMAN_TEST_DIR "/reference/sacrebleu_cases.json", ErrorKind::kData);
  const auto& lines = file.at("words").at(name_of(tokenization));
  ASSERT_GE(lines.size(), 10u);
  for (const auto& line : lines) {
    const std::string text(without_trailing_space(line[0].get<std::string>()));
    EXPECT_EQ(tokenizer(text), line[1].get<std::string>()) << text;
  }
}

TEST(BleuTokenizer, PiecesOfASentencePieceModelAreSacreBleus) {
  expect_words_of_sacrebleu(Tokenization::kFlores200, bleu_tokenizer(Tokenization::kFlores200, kPieces));
  EXPECT_EQ(bleu_tokenizer(Tokenization::kFlores200, kPieces).signature, "flores200");
  EXPECT_EQ(bleu_tokenizer(Tokenization::kSpm, kPieces).signature, "flores101");
}

TEST(BleuTokenizer, MecabsWordsAreSacreBleus) {
  for (const Tokenization mecab : {Tokenization::kJaMecab, Tokenization::kKoMecab}) {
    std::optional<BleuTokenizer> tokenizer;
    try {
      tokenizer = bleu_tokenizer(mecab);
    } catch (const UsageError& error) {
      GTEST_SKIP() << error.what();
    }
    expect_words_of_sacrebleu(mecab, *tokenizer);
    EXPECT_EQ(tokenizer->signature.rfind(name_of(mecab) + "-0.996", 0), 0u) << tokenizer->signature;
  }
}

TEST(BleuTokenizer, AMissingDictionaryIsNamedWithItsPackage) {
  for (const auto& [mecab, package] :
       {std::pair(Tokenization::kJaMecab, "mecab-ipadic-utf8"), {Tokenization::kKoMecab, "sacrebleu[ko]"}}) {
    try {
      bleu_tokenizer(mecab, "/nothing/here");
      FAIL() << name_of(mecab);
    } catch (const UsageError& error) {
      EXPECT_NE(std::string(error.what()).find(package), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace dragoman
