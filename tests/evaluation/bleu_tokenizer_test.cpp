#include "evaluation/bleu_tokenizer.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "evaluation/unicode_text.h"

namespace dragoman {
namespace {

// The words, with one space between.
std::string words(const std::string& tokenizer, const std::string& line) {
  const std::string tokenized = bleu_tokenizer(tokenizer)(line);
  std::string result;
  for (const auto word : split_words(tokenized)) result += (result.empty() ? "" : " ") + std::string(word);
  return result;
}

TEST(Tokenizer13a, SetsAsciiPunctuationApart) {
  EXPECT_EQ(words("13a", "Stop! (He said: \"no\")"), "Stop ! ( He said : \" no \" )");
  EXPECT_EQ(words("13a", "a/b x=y #t @u n_m ~ ^ ` | \\ {}"), "a / b x = y # t @ u n _ m ~ ^ ` | \\ { }");
}

TEST(Tokenizer13a, LeavesApostrophesAndDashesWithinWords) {
  EXPECT_EQ(words("13a", "don't well-known"), "don't well-known");
}

TEST(Tokenizer13a, SetsADashApartOnlyAfterADigit) {
  EXPECT_EQ(words("13a", "3-4 a-4"), "3 - 4 a-4");
}

TEST(Tokenizer13a, KeepsPeriodsAndCommasWithinNumbers) {
  EXPECT_EQ(words("13a", "1,000.25 ends 5. and a,b .5"), "1,000.25 ends 5 . and a , b . 5");
}

TEST(Tokenizer13a, OneMatchHidesItsCharactersFromTheNext) {
  // "x." is taken by the first match, so that the period after it has no neighbour left until the next rule.
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

TEST(TokenizerNone, SplitsAtWhiteSpaceAlone) {
  EXPECT_EQ(words("none", "a, b.\u00A0&quot;"), "a, b. &quot;");
}

TEST(TokenizerIntl, SetsUnicodePunctuationAndSymbolsApart) {
  EXPECT_EQ(words("intl", "«no» 5€ 好。吧 a+b"), "« no » 5 € 好 。 吧 a + b");
}

TEST(TokenizerIntl, KeepsAPeriodBetweenNumbersAndAfterTheLast) {
  EXPECT_EQ(words("intl", "1.5 in 1999."), "1.5 in 1999.");
}

TEST(TokenizerZh, EveryChineseCharacterIsAWordAndTheRestIsAs13a) {
  EXPECT_EQ(words("zh", "你好。abc, 1.5"), "你 好 。 abc , 1.5");
}

TEST(TokenizerZh, KeepsSacreBleusShortenedRanges) {
  EXPECT_EQ(words("zh", "a…b"), "a … b");  // U+2026 lies between U+2001 and U+2A6D
  EXPECT_EQ(words("zh", "𠀀𠀁"), "𠀀𠀁");  // U+20000, U+20001: meant, and missed
}

TEST(BleuTokenizer, AnUnknownNameIsAUsageError) {
  EXPECT_THROW(bleu_tokenizer("13b"), UsageError);
  for (const auto& name : bleu_tokenizer_names()) EXPECT_NO_THROW(bleu_tokenizer(name)) << name;
}

}  // namespace
}  // namespace dragoman
