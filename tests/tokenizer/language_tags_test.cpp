#include "tokenizer/language_tags.h"

#include <gtest/gtest.h>

namespace dragoman {
namespace {

TEST(LanguageTags, BeginALineAndNameALanguage) {
  EXPECT_EQ(leading_tag(">>de<< The file."), ">>de<<");
  EXPECT_EQ(leading_tag(">>cmn_Hans<<The file."), ">>cmn_Hans<<");
  EXPECT_EQ(leading_tag(">>pt-BR<<"), ">>pt-BR<<");
  for (const char* text :
       {"", ">>", ">><<", ">>de", ">>de< <", " >>de<< x", "x >>de<<", ">>two words<< x", ">>a>>b<< x",
        ">>>de<<", ">>cout<x<", ">>名<<", ">>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa<<"})
    EXPECT_EQ(leading_tag(text), std::nullopt) << text;
}

TEST(LanguageTags, ThatBeginTwoLinesAreCodes) {
  LanguageTags tags;
  for (const char* line :
       {">>fr<< a", ">>de<< b", "no tag", ">>de<< c", ">>fr<< d", ">>fr<< e", ">>once<< f"})
    tags.add(line);
  EXPECT_EQ(tags.codes(), (std::vector<std::string>{">>de<<", ">>fr<<"}));
  EXPECT_EQ(tags.lines(), 7);
  EXPECT_EQ(tags.tagged(), 6);
  EXPECT_EQ(tags.text(), ">>fr<< (3 lines), >>de<< (2 lines), >>once<< (1 line)");
}

TEST(LanguageTags, TooManyDifferentTagsAreNoCodes) {
  LanguageTags tags;
  for (int i = 0; i < 10'000; ++i) tags.add(">>" + std::to_string(i / 2) + "<< x");
  EXPECT_TRUE(tags.codes().empty());
  EXPECT_EQ(tags.tagged(), 10'000);
}

}  // namespace
}  // namespace dragoman
