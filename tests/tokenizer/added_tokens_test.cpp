#include "tokenizer/added_tokens.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"

namespace dragoman {
namespace {

const std::vector<AddedToken> kTokens = {
    {"<a>", 7}, {"<a>>", 8}, {"|", 9, true, false}, {"/", 10, false, true}};

// "text|<token>|text".
std::string parts_of(std::string_view text) {
  std::string all;
  for (const auto& part : split_at_added_tokens(text, kTokens))
    all += "[" + std::string(part.text) +
           (part.token != nullptr ? "=" + std::to_string(part.token->id) : "") + "]";
  return all;
}

TEST(AddedTokens, SplitTheTextAndTheLongestCounts) {
  EXPECT_EQ(parts_of("no token"), "[no token]");
  EXPECT_EQ(parts_of("x <a> y"), "[x ][<a>=7][ y]");
  EXPECT_EQ(parts_of("<a><a>>"), "[<a>=7][<a>>=8]");
  EXPECT_EQ(parts_of(""), "");
}

TEST(AddedTokens, StripAdjacentWhiteSpaceIfTheyDeclareIt) {
  EXPECT_EQ(parts_of("x | y"), "[x][|=9][ y]");
  EXPECT_EQ(parts_of("x / y"), "[x ][/=10][y]");
  EXPECT_EQ(parts_of("/ |"), "[/=10][|=9]");
}

TEST(AddedTokens, AreReadFromBothFilesWithoutTheUsualThree) {
  const TemporaryFolder folder;
  EXPECT_TRUE(read_added_tokens(folder.path("")).empty());
  folder.write("added_tokens.json", R"({"<b>": 6, "<pad>": 4, "<a>": 5})");
  folder.write("tokenizer_config.json",
               R"({"added_tokens_decoder": {"0": {"content": "</s>", "special": true},
                   "6": {"content": "<b>", "special": true, "lstrip": true, "rstrip": false}}})");
  const auto tokens = read_added_tokens(folder.path(""));
  ASSERT_EQ(tokens.size(), 2u);
  EXPECT_EQ(tokens[0].text, "<a>");
  EXPECT_EQ(tokens[0].id, 5);
  EXPECT_FALSE(tokens[0].is_hidden || tokens[0].strips_left);
  EXPECT_EQ(tokens[1].text, "<b>");
  EXPECT_TRUE(tokens[1].is_hidden && tokens[1].strips_left && !tokens[1].strips_right);
}

TEST(AddedTokens, BadFilesAreRefusedNamingThem) {
  const TemporaryFolder folder;
  for (const char* text : {"[1]", R"({"<a>": -1})", R"({"<a>": "5"})", R"({"<a>": 99999999999})"}) {
    folder.write("added_tokens.json", text);
    EXPECT_THROW(read_added_tokens(folder.path("")), ModelError) << text;
  }
  folder.write("added_tokens.json", "{}");
  for (const char* text :
       {R"({"added_tokens_decoder": {"x": {"content": "a"}}})", R"({"added_tokens_decoder": {"5": "a"}})",
        R"({"added_tokens_decoder": {"5": {}}})"}) {
    folder.write("tokenizer_config.json", text);
    EXPECT_THROW(read_added_tokens(folder.path("")), ModelError) << text;
  }
}

TEST(AddedTokens, FollowTheVocabularyAndMayLeaveRowsWithoutAPiece) {
  const Vocabulary vocabulary({"</s>", "<unk>", "a", "<pad>"});
  const Vocabulary longer = with_added_tokens(vocabulary, {{"<a>", 4}, {"<b>", 6}}, "f");
  EXPECT_EQ(longer.size(), 7);
  EXPECT_EQ(longer.id("<b>"), 6);
  EXPECT_EQ(longer.pad_id(), 3);
  EXPECT_EQ(longer.piece(5), "");
  EXPECT_EQ(longer.find(""), std::nullopt);
  EXPECT_EQ(Vocabulary(with_added_tokens(vocabulary, {{"a", 2}}, "f")).size(), 4);
  EXPECT_THROW(with_added_tokens(vocabulary, {{"<a>", 2}}, "f"), ModelError);
  EXPECT_THROW(with_added_tokens(vocabulary, {{"<a>", 10'000'000}}, "f"), ModelError);
}

}  // namespace
}  // namespace dragoman
