#include "exchange/marian_yaml.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/exchange/zip_writer.h"

namespace dragoman {
namespace {

std::string settings_refusal(const std::string& text) {
  return refusal_of<ModelError>([&] { MarianSettings::parse(text, "model.yml"); });
}
std::string vocabulary_refusal(const std::string& text) {
  return refusal_of<ModelError>([&] { parse_marian_vocabulary(text, "v.yml"); });
}
#define EXPECT_REFUSED(message, why) EXPECT_NE((message).find(why), std::string::npos) << (message)

TEST(MarianYaml, SettingsAreTextNumbersFlagsAndLists) {
  const auto settings = MarianSettings::parse(
      "# a comment\n---\ntype: transformer\r\ndim-emb: 512\ndim-vocabs:\n  - 58100\n  - \"58101\"\nvocabs: "
      "[a.yml, 'b, c.yml']\n"
      "tied-embeddings-all: true\ntransformer-preprocess: \"\"\nempty: []\nnone:\nurl: http://x\n",
      "model.yml");
  EXPECT_EQ(settings.text("type"), "transformer");
  EXPECT_EQ(settings.whole("dim-emb", 1, 1000), 512);
  EXPECT_EQ(settings.list("dim-vocabs"), (std::vector<std::string>{"58100", "58101"}));
  EXPECT_EQ(settings.list("vocabs"), (std::vector<std::string>{"a.yml", "b, c.yml"}));
  EXPECT_TRUE(settings.flag_or("tied-embeddings-all", false));
  EXPECT_FALSE(settings.flag_or("tied-embeddings", false));
  EXPECT_EQ(settings.text("transformer-preprocess"), "");
  EXPECT_TRUE(settings.list("empty").empty());
  EXPECT_EQ(settings.text("none"), "");
  EXPECT_EQ(settings.text("url"), "http://x");
  EXPECT_THROW(settings.text("dim-vocabs"), ModelError);
  EXPECT_THROW(settings.text("other"), ModelError);
  EXPECT_THROW(settings.whole("dim-emb", 1, 511), ModelError);
  EXPECT_THROW(settings.whole("type", 1, 511), ModelError);
  EXPECT_THROW(settings.flag_or("type", true), ModelError);
}

TEST(MarianYaml, WhatMarianDoesNotWriteIsRefusedByLine) {
  EXPECT_REFUSED(settings_refusal("a: 1\n  b: 2\n"), "model.yml:2] required settings without nesting");
  EXPECT_REFUSED(settings_refusal("a: {b: 2}\n"), "model.yml:1] required a plain value");
  EXPECT_REFUSED(settings_refusal("a: 1\na: 2\n"), "'a' twice");
  EXPECT_REFUSED(settings_refusal("- a\n"), "a key before its list");
  EXPECT_REFUSED(settings_refusal("a: 1\n- b\n"), "a key before its list");
  EXPECT_REFUSED(settings_refusal("just text\n"), "no colon");
  EXPECT_REFUSED(settings_refusal("a: [b\n"), "a list that ends on its line");
  EXPECT_REFUSED(settings_refusal("a: \"b\n"), "a quote that ends on its line");
  EXPECT_REFUSED(settings_refusal("a: \"b\" c\n"), "nothing behind a quoted value");
  EXPECT_REFUSED(settings_refusal("a: \xff\n"), "UTF-8");
}

TEST(MarianYaml, PiecesAreFoundByTheirIdsHoweverTheyAreQuoted) {
  const auto pieces = parse_marian_vocabulary(
      "</s>: 0\n<unk>: 1\n\"\\u2581the\": 2\n'it''s': 3\n\":\": 5\n\xE2\x96\x81:: 4\n? \"long \\\" key\"\n: "
      "6\n"
      "\"\\x85\\t\\\\\": 7\n~: 8\n\"\\U0001F600\": 9\n\"#\" : 10\n",
      "v.yml");
  EXPECT_EQ(pieces,
            (std::vector<std::string>{"</s>", "<unk>", "\xE2\x96\x81the", "it's", "\xE2\x96\x81:", ":",
                                      "long \" key", "\xC2\x85\t\\", "~", "\xF0\x9F\x98\x80", "#"}));
}

TEST(MarianYaml, HolesDoublesAndOtherLinesAreRefused) {
  EXPECT_REFUSED(vocabulary_refusal("a: 0\nb: 2\n"), "got 2 for 'b'");
  EXPECT_REFUSED(vocabulary_refusal("a: 0\nb: 0\n"), "got 0 for 'b'");
  EXPECT_REFUSED(vocabulary_refusal("a: 0\nb: x\n"), "v.yml:2] required an id below 2^24, got 'x'");
  EXPECT_REFUSED(vocabulary_refusal("a: 99999999999999999999\n"), "required an id");
  EXPECT_REFUSED(vocabulary_refusal("a: -1\n"), "required an id");
  EXPECT_REFUSED(vocabulary_refusal("\"\\q\": 0\n"), "a known escape");
  EXPECT_REFUSED(vocabulary_refusal("\"\\uD800\": 0\n"), "hexadecimal");
  EXPECT_REFUSED(vocabulary_refusal("\"\\u12\": 0\n"), "hexadecimal");
  EXPECT_REFUSED(vocabulary_refusal("? a\nb: 0\n"), "': id' below a key");
  EXPECT_REFUSED(vocabulary_refusal("? a\n"), "': id' below a key, got the end");
  EXPECT_REFUSED(vocabulary_refusal(""), "got none");
}

}  // namespace
}  // namespace dragoman
