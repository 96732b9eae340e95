#include "data/text_profile.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dragoman {
namespace {

TextProfile profile_of(const std::vector<std::string>& lines, int times = 1) {
  TextProfile profile;
  for (int i = 0; i < times; ++i)
    for (const auto& line : lines) profile.add(line);
  return profile;
}

TEST(TextProfile, MeasuresLinesWordsAndCharacters) {
  const TextProfile profile = profile_of({"two dogs", "  a caf\u00E9 \u3000 ", ""});
  EXPECT_DOUBLE_EQ(profile.words_per_line(), 4.0 / 3);
  EXPECT_DOUBLE_EQ(profile.characters_per_word(), (3 + 4 + 1 + 4) / 4.0);
  EXPECT_EQ(profile.different_words(), 4);
  EXPECT_EQ(profile.different_characters(), 10);  // t w o d g s a c f é
}

TEST(TextProfile, CountsTheCharactersOfAShareOfTheText) {
  const TextProfile profile = profile_of({"aaaaaaaa", "bc"});
  EXPECT_EQ(profile.characters_for(0.8), 1);
  EXPECT_EQ(profile.characters_for(0.81), 2);
  EXPECT_EQ(profile.characters_for(1), 3);
}

TEST(TextProfile, SeparatedLettersAndPhonesAreSymbols) {
  EXPECT_TRUE(profile_of({"a b a c k", "D R AE1 G AH0"}, 30).is_separated_symbols());
}

TEST(TextProfile, SentencesAreNoSymbols) {
  std::vector<std::string> lines;
  for (int i = 0; i < 3000; ++i)
    lines.push_back("the w" + std::to_string(i) + " of v" + std::to_string(7 * i));
  EXPECT_FALSE(profile_of(lines).is_separated_symbols());
  EXPECT_FALSE(profile_of({"a b c"}).is_separated_symbols()) << "one use of a word says nothing";
  EXPECT_FALSE(profile_of({"considerable expenditure everywhere"}, 1000).is_separated_symbols())
      << "long words";
  EXPECT_FALSE(profile_of({"word"}, 1000).is_separated_symbols()) << "no separators";
}

TEST(TextProfile, NamesAreSingleWords) {
  EXPECT_TRUE(profile_of({"Abdallah", "Fatima", "Muhammad"}).is_single_words());
  EXPECT_FALSE(profile_of({"Abdallah ibn Umar"}).is_single_words());
  EXPECT_FALSE(profile_of({"a", "b"}).is_single_words());
  EXPECT_FALSE(TextProfile().is_single_words());
}

TEST(TextProfile, SentencesWithoutSpacesAreNoSingleWords) {
  EXPECT_FALSE(profile_of({"\u0E09\u0E31\u0E19\u0E44\u0E1B\u0E15\u0E25\u0E32\u0E14\u0E01\u0E31\u0E1A\u0E40"
                           "\u0E1E\u0E37\u0E48\u0E2D\u0E19"})
                   .is_single_words());
  std::vector<std::string> lines;  // many different characters
  for (int i = 0; i < 400; ++i) {
    std::string character = "\u4E00";
    character[1] = static_cast<char>(0xB8 + i / 64), character[2] = static_cast<char>(0x80 + i % 64);
    lines.push_back(character + character);
  }
  EXPECT_FALSE(profile_of(lines).is_single_words());
}

TEST(TextProfile, IgnoresLinesAfterTheFirst) {
  TextProfile profile = profile_of({"a"}, TextProfile::kMaxLines);
  profile.add("b b b");
  EXPECT_EQ(profile.different_characters(), 1);
  EXPECT_DOUBLE_EQ(profile.words_per_line(), 1);
}

}  // namespace
}  // namespace dragoman
