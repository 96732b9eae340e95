#include "core/json.h"

#include <gtest/gtest.h>

#include "core/files.h"

namespace dragoman {
namespace {

std::string refusal(const std::string& text, ErrorKind kind = ErrorKind::kModel) {
  try {
    parse_json(text, "config.json", kind);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind);
    return error.what();
  }
  return "accepted";
}

TEST(Json, WhatIsStrictlyJsonIsRead) {
  const auto value =
      parse_json(R"( {"a": [1, -2, 3.5, true, null, "é\u0041"], "b": {"a": 1}} )", "f", ErrorKind::kData);
  EXPECT_EQ(value["a"][1], -2);
  EXPECT_EQ(value["a"][5],
            "\xC3\xA9"
            "A");
  EXPECT_EQ(value["b"]["a"], 1);  // the same key in another object is no duplicate
  EXPECT_EQ(parse_json(R"({"b": {"c": 1}, "c": 2})", "f", ErrorKind::kData)["c"], 2);
}

TEST(Json, WhatIsNotIsRefusedNamingFileAndLine) {
  EXPECT_EQ(
      refusal("{\n\"a\": 1,\n}").rfind("[config.json] expected valid JSON, got parse error at line 3", 0), 0u)
      << refusal("{\n\"a\": 1,\n}");
  for (const std::string text : {"", " ", "{", "{\"a\": 1} x", "{\"a\": 1}{", "[1,]", "{'a': 1}", "[NaN]",
                                 "[Infinity]", "[01]", "[1.]", "[+1]", "// c\n1", "\"\xFF\"", "\"\xC0\xAF\"",
                                 "\"\xED\xA0\x80\"", "\"\\ud800\"", "\"\n\"", "[1e999]"}) {
    EXPECT_EQ(refusal(text).rfind("[config.json] expected valid JSON, got ", 0), 0u)
        << text << ": " << refusal(text);
  }
  EXPECT_EQ(refusal(std::string("[1]\0", 4)).rfind("[config.json] expected valid JSON", 0), 0u);
}

TEST(Json, AKeyWrittenTwiceIsRefusedAtAnyDepth) {
  EXPECT_EQ(refusal(R"({"a": 1, "a": 1})"), "[config.json] expected each key once, got 'a' twice");
  EXPECT_EQ(refusal(R"([{"x": {"b": 1, "c": {"b": 2}, "b": 3}}])"),
            "[config.json] expected each key once, got 'b' twice");
  EXPECT_EQ(refusal(R"({"a": 1, "\u0061": 2})"), "[config.json] expected each key once, got 'a' twice");
}

TEST(Json, NestingIsBounded) {
  const auto nested = [](size_t depth, const std::string& open, const std::string& close) {
    std::string text;
    for (size_t i = 0; i < depth; ++i) text += open;
    text += "1";
    for (size_t i = 0; i < depth; ++i) text += close;
    return text;
  };
  EXPECT_EQ(refusal(nested(64, "[", "]")), "accepted");
  EXPECT_EQ(refusal(nested(65, "[", "]")),
            "[config.json] expected JSON nested at most 64 deep, got deeper nesting");
  EXPECT_EQ(refusal(nested(2'000'000, "{\"a\":", "}")),
            "[config.json] expected JSON nested at most 64 deep, got deeper nesting");
  EXPECT_EQ(refusal("[\"" + std::string(100, '[') + "\\\"" + std::string(100, '{') + "\"]"),
            "accepted");  // text is no nesting
}

TEST(Json, AFileIsReadAndAMissingOneIsAnErrorOfTheGivenKind) {
  const TemporaryFolder folder;
  const std::string path = folder.write("run.json", "{\"a\": 2}\n");
  EXPECT_EQ(read_json_file(path, ErrorKind::kConfig)["a"], 2);
  EXPECT_THROW(read_json_file(folder.path("none"), ErrorKind::kConfig), ConfigError);
  EXPECT_THROW(read_json_file(folder.path("none"), ErrorKind::kModel), ModelError);
}

TEST(Json, WrittenTextKeepsOrderAndUtf8AndEndsInANewline) {
  const nlohmann::ordered_json value = {{"z", "\xE4\xBD\xA0"}, {"a", 1}};
  EXPECT_EQ(json_text(value), "{\n  \"z\": \"\xE4\xBD\xA0\",\n  \"a\": 1\n}\n");
  EXPECT_EQ(parse_json(json_text(value), "f", ErrorKind::kData), nlohmann::json(value));
}

TEST(Json, WrittenTextIsValidWhateverNamesItHolds) {
  EXPECT_EQ(json_text({{"file", "caf\xE9.en:1"}}), "{\n  \"file\": \"caf\xEF\xBF\xBD.en:1\"\n}\n");
}

}  // namespace
}  // namespace dragoman
