#include "exchange/marian_yaml.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "tests/exchange/zip_writer.h"
#include "tests/support/test_data.h"

namespace dragoman {
namespace {

std::string settings_refusal(const std::string& text) {
  return refusal_of<ModelError>([&] { MarianSettings::parse(text, "model.yml"); });
}
std::string vocabulary_refusal(const std::string& text) {
  return refusal_of<ModelError>([&] { parse_marian_vocabulary(text, "v.yml"); });
}
#define EXPECT_REFUSED(message, why)                    \
  {                                                     \
    const std::string got = message;                    \
    EXPECT_NE(got.find(why), std::string::npos) << got; \
  }

std::map<std::string, int64_t> ids_in(const std::string& text) {
  std::map<std::string, int64_t> ids;
  for (const auto& [piece, id] : parse_marian_vocabulary(text, "v.yml")) ids[piece] = id;
  return ids;
}

TEST(MarianYaml, SettingsAreTextNumbersFlagsAndLists) {
  const auto settings = MarianSettings::parse(
      "# a comment\n---\ntype: transformer\r\ndim-emb: 512  # a comment\ndim-vocabs:\n  - 58100\n  - "
      "\"58101\"\nvocabs: "
      "[a.yml,\n  'b, c.yml']\ntied-embeddings-all: true\ntransformer-preprocess: \"\"\nempty: "
      "[]\nnone:\nurl: http://x\n"
      "normalize: 0.6\nrelative-paths: Yes\n",
      "model.yml");
  EXPECT_EQ(settings.text("type"), "transformer");
  EXPECT_EQ(settings.whole("dim-emb", 1, 1000), 512);
  EXPECT_EQ(settings.list("dim-vocabs"), (std::vector<std::string>{"58100", "58101"}));
  EXPECT_EQ(settings.integer_at("dim-vocabs", 1, 1, 1 << 20), 58101);
  EXPECT_EQ(settings.list("vocabs"), (std::vector<std::string>{"a.yml", "b, c.yml"}));
  EXPECT_TRUE(settings.flag_or("tied-embeddings-all", false));
  EXPECT_TRUE(settings.flag_or("relative-paths", false));
  EXPECT_FALSE(settings.flag_or("tied-embeddings", false));
  EXPECT_EQ(settings.text("transformer-preprocess"), "");
  EXPECT_TRUE(settings.list("empty").empty());
  EXPECT_EQ(settings.text("none"), "");
  EXPECT_EQ(settings.text("url"), "http://x");
  EXPECT_EQ(settings.number("normalize"), 0.6);
  EXPECT_THROW(settings.text("dim-vocabs"), ModelError);
  EXPECT_THROW(settings.text("other"), ModelError);
  EXPECT_THROW(settings.whole("dim-emb", 1, 511), ModelError);
  EXPECT_THROW(settings.whole("type", 1, 511), ModelError);
  EXPECT_THROW(settings.integer_at("dim-vocabs", 2, 1, 1 << 20), ModelError);
  EXPECT_THROW(settings.number("type"), ModelError);
  EXPECT_THROW(settings.flag_or("type", true), ModelError);
}

// yaml-cpp, with which Marian writes, puts [] on a line of its own.
TEST(MarianYaml, AnEmptyListMayBeOnTheNextLine) {
  const auto settings = MarianSettings::parse(
      "input-types:\n  []\ntransformer-tied-layers:\n  []\nversion: v1.12.42 b7be0e964 2025-05-24 22:34:42 "
      "-0700",
      "model.yml");
  EXPECT_TRUE(settings.list("input-types").empty());
  EXPECT_TRUE(settings.list("transformer-tied-layers").empty());
  EXPECT_EQ(settings.text("version"), "v1.12.42 b7be0e964 2025-05-24 22:34:42 -0700");
}

TEST(MarianYaml, KeysOfNestedMappingsBeginWithTheOuterKey) {
  const auto settings = MarianSettings::parse(
      "validators:\n  bleu:\n    stalled: 2\n    last-best: 1.5\n  chrf: ~\nreset: false\n", "p.yml");
  EXPECT_EQ(settings.text("validators/bleu/stalled"), "2");
  EXPECT_EQ(settings.text("validators/bleu/last-best"), "1.5");
  EXPECT_EQ(settings.text("validators/chrf"), "");
  EXPECT_EQ(settings.text("reset"), "false");
}

TEST(MarianYaml, InvalidSettingsFilesAreRefusedByLine) {
  EXPECT_REFUSED(settings_refusal("a: 1\n  b: 2\n"), "model.yml:2] expected YAML");
  EXPECT_REFUSED(settings_refusal("a: 1\na: 2\n"), "model.yml:2] expected each key once, got 'a' twice");
  EXPECT_REFUSED(settings_refusal("- a\n"), "another list");
  EXPECT_REFUSED(settings_refusal("just text\n"), "expected 'key: value', got 'just text'");
  EXPECT_REFUSED(settings_refusal("version https://git-lfs.github.com/spec/v1\noid 1\n"),
                 "expected 'key: value'");
  EXPECT_REFUSED(settings_refusal("a: [b\n"), "model.yml:1] expected");
  EXPECT_REFUSED(settings_refusal("a: [[1], 2]\n"), "another list");
  EXPECT_REFUSED(settings_refusal("a:\n  - b: 1\n"), "expected a plain value or a list, got a mapping");
  EXPECT_REFUSED(settings_refusal("a: \xff\n"), "UTF-8");
  EXPECT_REFUSED(settings_refusal("a: 1\nb: \x04\nc: 2\n"),
                 "model.yml:2] expected text, got the control character 4");
  EXPECT_REFUSED(settings_refusal("a: 1\n---\nb: 2\n"), "one document");
  EXPECT_REFUSED(settings_refusal("---\n---\na: 1\n"), "one document");
  EXPECT_REFUSED(settings_refusal(""), "got none");
  EXPECT_REFUSED(settings_refusal("# nothing\n"), "got none");
}

// Aliases could expand a short file without limit, and deep nesting could overflow the stack.
TEST(MarianYaml, HostileTextIsRefusedWithoutMoreMemoryThanItsSize) {
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string name = "a" + std::to_string(i), before = "*a" + std::to_string(i - 1);
    laughs += name + ": &" + name + " [" + before + ", " + before + ", " + before + "]\n";
  }
  EXPECT_REFUSED(settings_refusal(laughs), "model.yml:2] expected plain values and lists, got an alias");
  for (const char* open : {"[", "{", "- ", "? ", "a: {", "{a: ", "\"x\": ["}) {
    std::string deep = "key: ";
    for (int i = 0; i < 100000; ++i) deep += open;
    EXPECT_NE(settings_refusal(deep), "accepted") << open;
  }
  std::string nested;
  for (int i = 0; i < 50; ++i) nested += std::string(static_cast<size_t>(i), ' ') + "a:\n";
  EXPECT_REFUSED(settings_refusal(nested), "nested mappings");
  EXPECT_REFUSED(settings_refusal(std::string(1000, 'k') + ":\n  a: 1\n  b: 2\n"), "nested mappings");
}

TEST(MarianYaml, PiecesKeepTheirTextWithAnyQuotes) {
  const auto ids = ids_in(
      "</s>: 0\n<unk>: 1\n\"\\u2581the\": 2\n'it''s': 3\n\":\": 5\n\xE2\x96\x81:: 4\n? \"long \\\" key\"\n: "
      "6\n"
      "\"\\x85\\t\\\\\": 7\n~: 8\n\"\\U0001F600\": 9\n\"#\" : 10\nnull: 11\n\"null\": 12\nno: 13\n");
  EXPECT_EQ(ids, (std::map<std::string, int64_t>{{"</s>", 0},
                                                 {"<unk>", 1},
                                                 {"\xE2\x96\x81the", 2},
                                                 {"it's", 3},
                                                 {"\xE2\x96\x81:", 4},
                                                 {":", 5},
                                                 {"long \" key", 6},
                                                 {"\xC2\x85\t\\", 7},
                                                 {"~", 8},
                                                 {"\xF0\x9F\x98\x80", 9},
                                                 {"#", 10},
                                                 {"null", 12},
                                                 {"no", 13}}));
}

TEST(MarianYaml, JsonIsReadWithItsOwnEscapes) {
  const auto ids = ids_in("{\n \"</s>\": 0, \"\\ud83d\\ude00\": 1, \"\\/\": 2}");
  EXPECT_EQ(ids, (std::map<std::string, int64_t>{{"</s>", 0}, {"\xF0\x9F\x98\x80", 1}, {"/", 2}}));
  EXPECT_EQ(ids_in("{a: 0, b: 1}"), (std::map<std::string, int64_t>{{"a", 0}, {"b", 1}}));
  EXPECT_REFUSED(vocabulary_refusal("{\"a\": 0, \"b\": \"1\"}"),
                 "v.yml: 'b'] expected an id below 2^24, got \"1\"");
  EXPECT_REFUSED(vocabulary_refusal("{\"a\": 0,"), "v.yml");
}

TEST(MarianYaml, InvalidIdsAreRefusedByLine) {
  EXPECT_REFUSED(vocabulary_refusal("a: 0\nb: x\n"), "v.yml:2] expected an id below 2^24, got 'x'");
  EXPECT_REFUSED(vocabulary_refusal("a: 99999999999999999999\n"), "expected an id");
  EXPECT_REFUSED(vocabulary_refusal("a: -1\n"), "expected an id");
  EXPECT_REFUSED(vocabulary_refusal("a: [0]\n"), "expected an id below 2^24, got a list");
  EXPECT_REFUSED(vocabulary_refusal("\"\\q\": 0\n"), "expected YAML");
  EXPECT_REFUSED(vocabulary_refusal("\"\\u12\": 0\n"), "expected YAML");
}

// marian/vocab.yml: written by `marian vocab` (make.sh next to it).
TEST(MarianYaml, AVocabularyThatMarianWroteIsReadCorrectly) {
  const std::string text =
      read_file(std::string(DRAGOMAN_TEST_DIR) + "/exchange/marian/vocab.yml", ErrorKind::kData);
  const std::string long_piece = [] {
    std::string piece;
    for (int i = 0; i < 50; ++i) piece += "long";
    return piece;
  }();
  std::vector<std::string> pieces = {"</s>",
                                     "<unk>",
                                     "!c",
                                     "\"",
                                     "#",
                                     "%",
                                     "&a",
                                     "'",
                                     "*b",
                                     ",",
                                     "-",
                                     "12",
                                     ":",
                                     ">",
                                     "?",
                                     "@",
                                     "[y]",
                                     "\\",
                                     "`",
                                     "a:b",
                                     "it's",
                                     long_piece,
                                     "null",
                                     "true",
                                     "{x}",
                                     "|",
                                     "~",
                                     "\xE2\x96\x81w",
                                     "\xE8\xAA\xAD",
                                     "\xF0\x9F\x98\x80"};
  std::map<std::string, int64_t> expected;
  for (size_t i = 0; i < pieces.size(); ++i) expected[pieces[i]] = static_cast<int64_t>(i);
  EXPECT_EQ(ids_in(text), expected);
}

// Files of real projects. They are not part of this repository.
TEST(MarianYaml, SettingsFilesOfRealProjectsAreRead) {
  const std::string folder = test_data("models/marian-settings");
  if (folder.empty()) GTEST_SKIP() << needs_test_data("models/marian-settings");
  const auto settings = [&](const std::string& name) {
    const std::string path = join_path(folder, name);
    return MarianSettings::parse(read_file(path, ErrorKind::kData), path);
  };
  const auto student = settings("student_config_tiny.yml"), model = settings("transformer-model.yml"),
             decoder = settings("model.npz.decoder.yml"), progress = settings("model.npz.progress.yml");
  EXPECT_EQ(student.text("transformer-decoder-autoreg"), "rnn");
  EXPECT_TRUE(student.list("transformer-tied-layers").empty());
  EXPECT_EQ(student.list("optimizer-params"), (std::vector<std::string>{"0.9", "0.98", "1e-09"}));
  EXPECT_EQ(model.whole("dim-emb", 1, 1024), 512);
  EXPECT_EQ(model.list("valid-metrics").size(), 4u);
  EXPECT_EQ(decoder.list("vocabs"),
            (std::vector<std::string>{"model/vocab.enes.spm", "model/vocab.enes.spm"}));
  EXPECT_EQ(progress.text("validators/bleu/last-best"), "49.21667");
}

}  // namespace
}  // namespace dragoman
