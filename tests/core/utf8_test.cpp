#include "core/utf8.h"

#include <gtest/gtest.h>

namespace dragoman {
namespace {

// Ill-formed text, and how many U+FFFD The Unicode Standard (section 3.9) puts in its place.
struct Replacement {
  const char* source;
  std::string text, expected;
};
const std::string kMark(kReplacementCharacter);
const Replacement kFromTheStandard[] = {
    // Table 3-8: non-shortest forms.
    {"3-8", "\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41",
     kMark + kMark + kMark + kMark + kMark + kMark + kMark + kMark + "A"},
    // Table 3-9: surrogates.
    {"3-9", "\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41",
     kMark + kMark + kMark + kMark + kMark + kMark + kMark + kMark + "A"},
    // Table 3-10: what is above U+10FFFF, and stray bytes.
    {"3-10", "\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42",
     kMark + kMark + kMark + kMark + kMark + "A" + kMark + kMark + "B"},
    // Table 3-11: truncated sequences, one mark for each maximal subpart.
    {"3-11", "\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", kMark + kMark + kMark + kMark + "A"},
    // The example of Unicode 6.0 (there table 3-8).
    {"6.0", "\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64",
     "a" + kMark + kMark + kMark + "b" + kMark + "c" + kMark + kMark + "d"},
    {"at the end", "ab\xF0\x9F\x98", "ab" + kMark},
};

int64_t count_marks(const std::string& text) {
  int64_t count = 0;
  for (size_t at = text.find(kMark); at != std::string::npos; at = text.find(kMark, at + 3)) ++count;
  return count;
}

TEST(Utf8, EachMaximalSubpartBecomesOneReplacementCharacter) {
  for (const auto& [source, text, expected] : kFromTheStandard) {
    std::string repaired = text;
    EXPECT_EQ(replace_invalid_utf8(repaired), count_marks(expected)) << source;
    EXPECT_EQ(repaired, expected) << source;
    EXPECT_FALSE(is_valid_utf8(text)) << source;
    EXPECT_TRUE(is_valid_utf8(repaired)) << source;
    EXPECT_EQ(to_utf8(to_code_points(text)), expected) << source;
  }
}

TEST(Utf8, ValidTextIsLeftAloneAndNothingIsCounted) {
  // The first and the last code point of each length, those next to the surrogates, NUL, and U+FFFD itself.
  const std::u32string code_points = {0,      0x7F,   0x80,   0x7FF,   0x800,   0xD7FF,
                                      0xE000, 0xFFFD, 0xFFFF, 0x10000, 0x10FFFF};
  const std::string text = to_utf8(code_points);
  EXPECT_EQ(text.size(), 1u + 1 + 2 + 2 + 3 + 3 + 3 + 3 + 3 + 4 + 4);
  EXPECT_TRUE(is_valid_utf8(text));
  EXPECT_EQ(to_code_points(text), code_points);
  std::string same = text;
  EXPECT_EQ(replace_invalid_utf8(same), 0);
  EXPECT_EQ(same, text);
}

TEST(Utf8, EveryCodePointComesBackAndNoSurrogateIsValid) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    std::string text;
    append_utf8(text, c);
    const DecodedCodePoint decoded = decode_code_point(text);
    const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
    ASSERT_EQ(decoded.valid, !surrogate) << std::hex << static_cast<uint32_t>(c);
    if (!surrogate) {
      ASSERT_EQ(decoded.value, c);
      ASSERT_EQ(decoded.length, static_cast<int>(text.size()));
    }
  }
}

TEST(Utf8, BlankIsNothingThatCanBeRead) {
  EXPECT_TRUE(is_blank(""));
  EXPECT_TRUE(is_blank(" \t\r\v\f\n"));
  for (const char32_t space : {0x85, 0xA0, 0x1680, 0x2000, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000}) {
    EXPECT_TRUE(is_blank(to_utf8(std::u32string{space}))) << std::hex << static_cast<uint32_t>(space);
  }
  // Control characters, joiners, direction marks, fillers, variation selectors, tags; SentencePiece's signs.
  for (const char32_t invisible :
       {0x00,   0x1B,   0x7F,   0x9F,   0xAD,   0x34F,  0x61C,  0x115F, 0x200B, 0x200C, 0x200D,  0x200F,
        0x202E, 0x2060, 0x2581, 0x2800, 0x3164, 0xFE0F, 0xFEFF, 0xFFA0, 0xFFF9, 0xFFFD, 0xE0001, 0xE0100}) {
    EXPECT_TRUE(is_blank(to_utf8(std::u32string{' ', invisible})))
        << std::hex << static_cast<uint32_t>(invisible);
    EXPECT_FALSE(is_blank(to_utf8(std::u32string{invisible, 'a'})));
  }
  for (const char32_t visible : {0x21, 0x61, 0x7E, 0xA1, 0xAC, 0xAE, 0x301, 0x2010, 0x2030, 0x3001, 0x2588,
                                 0xE000, 0xFF01, 0xFFFC, 0x1F600, 0x10FFFD}) {
    EXPECT_FALSE(is_blank(to_utf8(std::u32string{' ', visible})))
        << std::hex << static_cast<uint32_t>(visible);
  }
  EXPECT_TRUE(is_blank(" \x85"));  // read as U+FFFD
}

TEST(Utf8, PartsAreCutAtTheLastSpaceThatFits) {
  std::string_view text = "one two three";
  EXPECT_EQ(take_part(text, 10), "one two");
  EXPECT_EQ(take_part(text, 10), " three");
  EXPECT_TRUE(text.empty());
}

TEST(Utf8, PartsWithoutASpaceAreCutBetweenCodePoints) {
  const std::string whole = "\xC3\xA4\xE4\xB8\xAD\xF0\x9F\x98\x80\xC3\xB6 x";
  std::string_view rest = whole;
  EXPECT_EQ(take_part(rest, 4), "\xC3\xA4");
  EXPECT_EQ(take_part(rest, 4), "\xE4\xB8\xAD");
  EXPECT_EQ(take_part(rest, 7), "\xF0\x9F\x98\x80\xC3\xB6");
  EXPECT_EQ(take_part(rest, 4), " x");
  // What is no UTF-8 is cut too, and nothing is lost.
  const std::string broken(10, '\x80');
  std::string joined;
  for (rest = broken; !rest.empty();) {
    const auto part = take_part(rest, 4);
    ASSERT_FALSE(part.empty());
    joined += part;
  }
  EXPECT_EQ(joined, broken);
}

TEST(Utf8, ReplacesEveryPart) {
  EXPECT_EQ(replace_all("a--b--", "--", "+"), "a+b+");
  EXPECT_EQ(replace_all("---", "--", ""), "-");
  EXPECT_EQ(replace_all("", "--", "+"), "");
}

TEST(Utf8, ChineseAndJapaneseSentencesJoinWithoutASpace) {
  EXPECT_TRUE(joins_without_space("今日は晴れ。", "明日は雨。"));
  EXPECT_TRUE(joins_without_space("好", "「好」"));
  EXPECT_TRUE(joins_without_space("\xF0\xA0\x80\x80", "ｶﾅ"));
  EXPECT_FALSE(joins_without_space("今日は晴れ。", "Yes."));
  EXPECT_FALSE(joins_without_space("Yes.", "今日は晴れ。"));
  EXPECT_FALSE(joins_without_space("สวัสดี", "สวัสดี"));
  EXPECT_FALSE(joins_without_space("한국어.", "한국어."));
  EXPECT_FALSE(joins_without_space("", "好"));
  EXPECT_FALSE(joins_without_space("好", ""));
  EXPECT_FALSE(joins_without_space("\x80", "好"));
}

}  // namespace
}  // namespace dragoman
