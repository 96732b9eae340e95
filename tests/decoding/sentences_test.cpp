#include "decoding/sentences.h"

#include <gtest/gtest.h>

#include "core/random.h"
#include "core/utf8.h"

namespace dragoman {
namespace {

using Sentences = std::vector<std::string>;

TEST(SplitSentences, EndsASentenceAtItsMarkBeforeACapital) {
  EXPECT_EQ(split_sentences("He came. She left! Why? Nobody knows… It rained."),
            (Sentences{"He came.", "She left!", "Why?", "Nobody knows…", "It rained."}));
  EXPECT_EQ(split_sentences("Er kam. Über Nacht ging er."), (Sentences{"Er kam.", "Über Nacht ging er."}));
  EXPECT_EQ(split_sentences("It was 1999. 5 men came."), (Sentences{"It was 1999.", "5 men came."}));
}

TEST(SplitSentences, DoesNotEndOneBeforeALowerCaseLetterOrWithoutASpace) {
  EXPECT_EQ(split_sentences("He said no. and left."), (Sentences{"He said no. and left."}));
  EXPECT_EQ(split_sentences("Sie ging. über den Platz."), (Sentences{"Sie ging. über den Platz."}));
  EXPECT_EQ(split_sentences("Version 3.14 of www.Example.Com is out"),
            (Sentences{"Version 3.14 of www.Example.Com is out"}));
}

TEST(SplitSentences, KeepsClosingQuotesAndRunsOfMarksWithTheirSentence) {
  EXPECT_EQ(split_sentences("\"Go!\" He went. (Or so he said.) \"Really?!\" Yes..."),
            (Sentences{"\"Go!\"", "He went.", "(Or so he said.)", "\"Really?!\"", "Yes..."}));
  EXPECT_EQ(split_sentences("„Geh!“ Er ging."), (Sentences{"„Geh!“", "Er ging."}));
  EXPECT_EQ(split_sentences("Es regnet. „Ja.“"), (Sentences{"Es regnet.", "„Ja.“"}));
}

TEST(SplitSentences, KnowsAbbreviationsAndInitials) {
  EXPECT_EQ(split_sentences("Dr. Smith met J. R. Tolkien. They ate."),
            (Sentences{"Dr. Smith met J. R. Tolkien.", "They ate."}));
  EXPECT_EQ(split_sentences("Siehe Abb. 3 und Nr. 4. Danke."),
            (Sentences{"Siehe Abb. 3 und Nr. 4.", "Danke."}));
}

TEST(SplitSentences, EndsOneAtACjkMarkInAnyCase) {
  EXPECT_EQ(split_sentences("今日は晴れ。明日は雨！本当？はい"),
            (Sentences{"今日は晴れ。", "明日は雨！", "本当？", "はい"}));
  EXPECT_EQ(split_sentences("彼は「はい。」と言った。"), (Sentences{"彼は「はい。」", "と言った。"}));
}

TEST(SplitSentences, GivesNothingForBlankTextAndOneForTextWithoutAnEnd) {
  EXPECT_EQ(split_sentences(""), Sentences{});
  EXPECT_EQ(split_sentences("  \t "), Sentences{});
  EXPECT_EQ(split_sentences(" no end "), Sentences{"no end"});
  EXPECT_EQ(split_sentences("..."), Sentences{"..."});
}

// Text without its white space.
std::u32string letters_of(const std::string& text) {
  std::u32string letters;
  for (const char32_t c : to_code_points(text)) {
    if (!is_white_space(c)) letters += c;
  }
  return letters;
}

TEST(SplitSentences, LosesNothingButWhiteSpaceOfAnyText) {
  const std::u32string alphabet = U"aAbB1.!?…。！\"')“ \t\u00A0\u2028é文";
  SplitMix64 random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string text, joined;
    for (uint64_t n = random.below(30); n > 0; --n)
      append_utf8(text, alphabet[random.below(alphabet.size())]);
    for (const auto& sentence : split_sentences(text)) {
      ASSERT_FALSE(is_blank(sentence));
      joined += (joined.empty() ? "" : " ") + sentence;
    }
    ASSERT_EQ(letters_of(joined), letters_of(text)) << text;
  }
}

}  // namespace
}  // namespace dragoman
