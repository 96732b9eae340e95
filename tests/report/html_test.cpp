#include "report/html.h"

#include <gtest/gtest.h>

namespace dragoman {
namespace {

TEST(Html, MarkupBecomesText) {
  EXPECT_EQ(html_escaped("<script>alert(\"a\" & 'b')</script>"),
            "&lt;script&gt;alert(&quot;a&quot; &amp; &#39;b&#39;)&lt;/script&gt;");
  EXPECT_EQ(html_escaped("&lt;"), "&amp;lt;");
}

TEST(Html, OtherTextStaysAsItIs) {
  EXPECT_EQ(html_escaped("Größe\t你好\n🙂"), "Größe\t你好\n🙂");
  EXPECT_EQ(html_escaped(""), "");
}

TEST(Html, WhatAPageCannotHoldIsReplaced) {
  EXPECT_EQ(html_escaped(std::string_view("a\0b\x1B\x7F\r", 6)), "a\uFFFDb\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(html_escaped("\xC2\x85|\xEF\xBF\xBF|\xFF<"), "\uFFFD|\uFFFD|\uFFFD&lt;");
}

}  // namespace
}  // namespace dragoman
