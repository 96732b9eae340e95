#include "core/terminal.h"

#include <gtest/gtest.h>

namespace dragoman {
namespace {

TEST(Terminal, WidthIsThatOfTheColumns) {
  EXPECT_EQ(display_width(""), 0u);
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("über"), 4u);
  EXPECT_EQ(display_width("日本語"), 6u);
  EXPECT_EQ(display_width("ｶﾅ"), 2u);             // half-width
  EXPECT_EQ(display_width("！"), 2u);             // full-width
  EXPECT_EQ(display_width("e\xCC\x81"), 1u);      // a combining accent
  EXPECT_EQ(display_width("a\xE2\x80\x8B"), 1u);  // U+200B
  EXPECT_EQ(display_width("😀"), 2u);
  EXPECT_EQ(display_width("가"), 2u);
  EXPECT_EQ(display_width("Привет"), 6u);
}

TEST(Terminal, TextIsCutBetweenCharacters) {
  EXPECT_EQ(cut_to_width("abc", 5), "abc");
  EXPECT_EQ(cut_to_width("abc", 2), "ab");
  EXPECT_EQ(cut_to_width("日本語", 5), "日本");
  EXPECT_EQ(cut_to_width("日本語", 1), "");
  EXPECT_EQ(cut_to_width("e\xCC\x81x", 1), "e\xCC\x81");
}

TEST(Terminal, WhatWouldSteerItIsShown) {
  EXPECT_EQ(printable("plain text, ü 日本\t\n"), "plain text, ü 日本\t\n");
  EXPECT_EQ(printable("\x1B[2J\x07\r\x7F"), "\\x1B[2J\\x07\\x0D\\x7F");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "<U+009B>31m");
  EXPECT_EQ(printable("abc\xE2\x80\xAE"
                      "def"),
            "abc<U+202E>def");
  EXPECT_EQ(printable(std::string("a\0b", 3)), "a\\x00b");
  // A Persian word and an emoji sequence need their joiners.
  EXPECT_EQ(printable("می\xE2\x80\x8Cخواهم 👩\xE2\x80\x8D🔬"), "می\xE2\x80\x8Cخواهم 👩\xE2\x80\x8D🔬");
}

TEST(Terminal, EveryControlCharacterIsShown) {
  for (char32_t c = 0; c < 0xA0; ++c) {
    if (c >= 0x20 && c < 0x7F) continue;
    std::string text;
    if (c < 0x80)
      text += static_cast<char>(c);
    else
      text += {'\xC2', static_cast<char>(c)};
    EXPECT_EQ(printable(text) == text, c == '\t' || c == '\n') << static_cast<unsigned>(c);
  }
}

TEST(Terminal, AFileHasNoWidth) {
  EXPECT_EQ(terminal_width(-1, 77), 77u);
}

}  // namespace
}  // namespace dragoman
