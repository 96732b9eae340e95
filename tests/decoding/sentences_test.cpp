#include "decoding/sentences.h"

#include <gtest/gtest.h>

#include "core/random.h"
#include "core/utf8.h"

namespace dragoman {
namespace {

class SplitSentences : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!can_split_sentences()) GTEST_SKIP() << "built without ICU";
  }
};

using Sentences = std::vector<std::string>;

TEST_F(SplitSentences, EndsASentenceAtItsMarkBeforeACapital) {
  EXPECT_EQ(split_sentences("He came. She left! Why? Nobody knows… It rained."),
            (Sentences{"He came.", "She left!", "Why?", "Nobody knows…", "It rained."}));
  EXPECT_EQ(split_sentences("Er kam. Über Nacht ging er."), (Sentences{"Er kam.", "Über Nacht ging er."}));
  EXPECT_EQ(split_sentences("It was 1999. 5 men came."), (Sentences{"It was 1999.", "5 men came."}));
}

TEST_F(SplitSentences, DoesNotEndASentenceBeforeALowerCaseLetterOrWithoutASpace) {
  EXPECT_EQ(split_sentences("He said no. and left."), (Sentences{"He said no. and left."}));
  EXPECT_EQ(split_sentences("Sie ging. über den Platz."), (Sentences{"Sie ging. über den Platz."}));
  EXPECT_EQ(split_sentences("Version 3.14 of www.Example.Com is out"),
            (Sentences{"Version 3.14 of www.Example.Com is out"}));
}

TEST_F(SplitSentences, KeepsClosingQuotesAndRunsOfMarksWithTheirSentence) {
  EXPECT_EQ(split_sentences("\"Go!\" He went. (Or so he said.) \"Really?!\" Yes..."),
            (Sentences{"\"Go!\"", "He went.", "(Or so he said.)", "\"Really?!\"", "Yes..."}));
  EXPECT_EQ(split_sentences("„Geh!“ Er ging."), (Sentences{"„Geh!“", "Er ging."}));
  EXPECT_EQ(split_sentences("Es regnet. „Ja.“"), (Sentences{"Es regnet.", "„Ja.“"}));
}

TEST_F(SplitSentences, KnowsAbbreviationsAndInitials) {
  EXPECT_EQ(split_sentences("Dr. Smith met J. R. Tolkien. They ate."),
            (Sentences{"Dr. Smith met J. R. Tolkien.", "They ate."}));
  EXPECT_EQ(split_sentences("Siehe Abb. 3 und Nr. 4. Danke."),
            (Sentences{"Siehe Abb. 3 und Nr. 4.", "Danke."}));
}

TEST_F(SplitSentences, KeepsOrdinalsAndAbbreviationsOfManyLanguages) {
  for (const char* one :
       {"Das war der 2. Weltkrieg.", "Er lebte im 19. Jahrhundert in Wien.", "Der 1. FC Köln gewann.",
        "Die 10. Auflage erschien.", "Am 3. Okt. 2020 kam er.", "Am 12. Sept. 2001 starb er.",
        "श्री. शर्मा आए।", "कीमत 3.5 रु. है।", "10 कि.मी. दूर है।", "L'avv. Rossi parla.", "EE. UU. ganó.",
        "Они живут: дер. Петрово.", "TS. Nguyễn đến."})
    EXPECT_EQ(split_sentences(one), Sentences{one});
  EXPECT_EQ(split_sentences("Es waren 19. Dann kam einer."), (Sentences{"Es waren 19.", "Dann kam einer."}));
}

TEST_F(SplitSentences, EndsASentenceAtEveryCjkMark) {
  EXPECT_EQ(split_sentences("今日は晴れ。明日は雨！本当？はい"),
            (Sentences{"今日は晴れ。", "明日は雨！", "本当？", "はい"}));
  // A quotation or brackets belong to the sentence that a particle continues.
  for (const char* one : {"彼は「はい。」と言った。", "「行く。」と言った。", "私（学生。）です。"})
    EXPECT_EQ(split_sentences(one), Sentences{one});
}

struct Case {
  const char* text;
  size_t sentences;
};

TEST_F(SplitSentences, KnowsTheMarksOfManyScripts) {
  const Case cases[] = {{"यह एक वाक्य है। यह दूसरा वाक्य है। और यह तीसरा।", 3},  // danda
                        {"এটা একটি বাক্য। এটা আরেকটি।", 2},
                        {"هل أنت هنا؟ نعم، أنا هنا. شكرا", 3},
                        {"یہ ایک جملہ ہے۔ یہ دوسرا ہے۔", 2},
                        {"Բարեւ։ Ինչպես եք։", 2},
                        {"ሰላም። እንዴት ነህ?", 2},
                        {"今天下雨。明天晴天！真的吗？", 3},
                        {"他说：“我来了。”然后他走了。", 2},
                        {"「行こう。」彼は言った。", 2},
                        {"ฉันไปโรงเรียน เขาไปตลาด", 1},
                        {"Πού είσαι; Εδώ είμαι. Ωραία.", 3},
                        {"Где ты? Я здесь. Хорошо!", 3}};
  for (const auto& [text, sentences] : cases) EXPECT_EQ(split_sentences(text).size(), sentences) << text;
}

TEST_F(SplitSentences, KnowsAbbreviationsOfManyLanguages) {
  const Case cases[] = {{"Ona lubi np. śledzie i tzw. żurek.", 1},
                        {"Mieszka przy ul. Marszałkowskiej. Prof. Nowak też.", 2},
                        {"To zrobił dr. Kowalski, m.in. Anna. Koniec.", 2},
                        {"Tzv. Praha je např. Brno. Pan Ing. Novák přišel.", 2},
                        {"Он живёт в г. Москва на ул. Ленина. Это т.е. Центр.", 2},
                        {"А. С. Пушкин родился в 1799 г. Он поэт.", 1},  // 'г.' may be followed by a name
                        {"Ο κ. Παπαδόπουλος και η κα. Μαρία ήρθαν. Καλά.", 2},
                        {"π.χ. Η Αθήνα είναι δηλ. Πόλη.", 1},
                        {"Am 3. Oktober kam Hr. Meier, z.B. Hans. Gut.", 2},
                        {"Mr. and Mrs. Smith met Prof. Jones. They ate, e.g. Soup. Fine.", 3},
                        {"See No. 5 and Fig. 3 here. He said no. Then he left.", 3},
                        {"La Sra. García vive en la av. Libertad. Bien.", 2},
                        {"डॉ. शर्मा आए। वे गए।", 2}};
  for (const auto& [text, sentences] : cases) EXPECT_EQ(split_sentences(text).size(), sentences) << text;
}

TEST_F(SplitSentences, DoesNotSplitNumbersAddressesAndSpeech) {
  const Case cases[] = {{"It costs 3.5 euros at www.example.com/a.b?C=d. Good.", 2},
                        {"Write to a.b@example.org! Now.", 2},
                        {"\"Go!\" he said. \"No?\" she asked.", 2},
                        {"Well... that is it... Yes.", 2},
                        {"Version 1.2.3 is out. It is 10.30 now.", 2},
                        {"He came (at last!) and left.", 1},
                        {"¿Qué hora es? ¡Las tres! Bien.", 3}};
  for (const auto& [text, sentences] : cases) EXPECT_EQ(split_sentences(text).size(), sentences) << text;
}

TEST_F(SplitSentences, GivesNoSentenceForBlankTextAndOneForTextWithoutAnEnd) {
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

TEST_F(SplitSentences, LosesOnlyWhiteSpaceOfAnyText) {
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
