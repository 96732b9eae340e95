#include "evaluation/unicode_text.h"

#include <gtest/gtest.h>

namespace dragoman {
namespace {

using namespace std::string_literals;
using Words = std::vector<std::string_view>;

TEST(UnicodeText, SplitsAtPythonsWhiteSpace) {
  EXPECT_EQ(split_words("a b\tc\u00A0d\u0085e\u2028f\u3000g\x1Ch"),
            (Words{"a", "b", "c", "d", "e", "f", "g", "h"}));
}

TEST(UnicodeText, DoesNotSplitAtOtherInvisibleCharacters) {
  const std::string text = "a\u200Bb\uFEFFc\0d"s;
  EXPECT_EQ(split_words(text), Words{text});
}

TEST(UnicodeText, ThereAreNoEmptyWords) {
  EXPECT_EQ(split_words("  a  b  "), (Words{"a", "b"}));
  EXPECT_EQ(split_words(""), Words{});
  EXPECT_EQ(split_words(" \u3000"), Words{});
}

TEST(UnicodeText, TrailingSpaceIsRemovedAndLeadingSpaceStays) {
  EXPECT_EQ(without_trailing_space(" a \u2003\r\n"), " a");
  EXPECT_EQ(without_trailing_space("\u00A0 "), "");
  EXPECT_EQ(without_trailing_space("語"), "語");
  EXPECT_EQ(without_space_around("\u3000 a b \u0085"), "a b");
}

TEST(UnicodeText, LowerCaseCoversAllScripts) {
  EXPECT_EQ(lower_case("ABZ az [@"), "abz az [@");
  EXPECT_EQ(lower_case("ÄÇŸ Привет МИР Ǆǅ Ⓐ"), "äçÿ привет мир ǆǆ ⓐ");
  EXPECT_EQ(lower_case("Straße 你好 🙂"), "straße 你好 🙂");
}

TEST(UnicodeText, DottedCapitalIBecomesTwoCodePoints) {
  EXPECT_EQ(lower_case("İ"), "i\u0307");
}

TEST(UnicodeText, CapitalSigmaIsFinalOnlyAtTheEndOfAWord) {
  EXPECT_EQ(lower_case("ΟΔΟΣ ΣΑΣ"), "οδος σας");
  EXPECT_EQ(lower_case("Σ"), "σ");
  EXPECT_EQ(lower_case("ΑΣ' ΑΣ'Α 1Σ"), "ας' ασ'α 1σ");  // apostrophes are looked through
}

TEST(UnicodeText, KnowsTheCategoriesBeyondAscii) {
  EXPECT_TRUE(is_punctuation(U'。') && is_punctuation(U'!') && !is_punctuation(U'+') &&
              !is_punctuation(U'a'));
  EXPECT_TRUE(is_symbol(U'€') && is_symbol(U'🙂') && is_symbol(U'+') && !is_symbol(U'.'));
  EXPECT_TRUE(is_number(U'٣') && is_number(U'½') && is_number(U'7') && !is_number(U'x'));
}

}  // namespace
}  // namespace dragoman
