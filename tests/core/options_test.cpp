#include "core/options.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/files.h"

namespace dragoman {
namespace {

enum class Colour { kRed, kDarkBlue };
constexpr auto names_of(Colour) {
  return choice_names("red", "dark-blue");
}

struct Settings {
  int64_t count = 3;
  double rate = 0.5;
  bool loud = false;
  std::string name = "a";
  StringList files;
  double time = 0;
  bool relative = false;
  Colour colour = Colour::kRed;
  std::vector<Colour> colours = {Colour::kRed};

  OptionList describe() {
    return {
        option(count, "count", "N", "a count").at_least(1).at_most(10).or_relative(relative),
        option(rate, "learning-rate", "X", "a rate").more_than(0),
        option(loud, "loud", "says more"),
        option(name, "name", "NAME", "a choice").one_of({"a", "b"}),
        option(files, "files", "F", "some files"),
        option(time, "max-time", "TIME", "a duration").seconds(),
        option(colour, "colour", "NAME", "a choice of an enum"),
        option(colours, "colours", "LIST", "choices of an enum"),
    };
  }
};

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Options, TextSetsEachKindOfMember) {
  Settings settings;
  const auto options = settings.describe();
  set_from_text(options[0], "7");
  set_from_text(options[1], "1e-3");
  set_from_text(options[2], "true");
  set_from_text(options[3], "b");
  set_from_text(options[4], "x,y");
  set_from_text(options[4], "z", /*append=*/true);
  set_from_text(options[5], "2h");
  EXPECT_EQ(settings.count, 7);
  EXPECT_EQ(settings.rate, 1e-3);
  EXPECT_TRUE(settings.loud);
  EXPECT_EQ(settings.name, "b");
  EXPECT_EQ(settings.files, (StringList{"x", "y", "z"}));
  EXPECT_EQ(settings.time, 7200);
}

TEST(Options, AnEnumTakesTheNamesOfItsValuesAndNoOther) {
  Settings settings;
  const Option option = settings.describe()[6];
  EXPECT_EQ(option.choices, (std::vector<std::string>{"red", "dark-blue"}));
  EXPECT_EQ(option.value_text(), "red");
  set_from_text(option, "dark-blue");
  EXPECT_EQ(settings.colour, Colour::kDarkBlue);
  EXPECT_EQ(to_json({option}).dump(), R"({"colour":"dark-blue"})");
  EXPECT_EQ(message_of([&] { set_from_text(option, "blue"); }),
            "[--colour] expected one of red, dark-blue, got 'blue'");
  EXPECT_EQ(message_of([&] {
              set_from_json({option}, {{"colour", 1}}, "run.json");
            }),
            "[run.json: colour] expected a string, got 1");
  EXPECT_EQ(settings.colour, Colour::kDarkBlue);
  set_from_json({option}, {{"colour", "red"}}, "run.json");
  EXPECT_EQ(settings.colour, Colour::kRed);
}

TEST(Options, AListOfAnEnumTakesTheNamesOfItsValues) {
  Settings settings;
  const Option option = settings.describe()[7];
  set_from_text(option, "dark-blue,red");
  EXPECT_EQ(settings.colours, (std::vector{Colour::kDarkBlue, Colour::kRed}));
  set_from_text(option, "red", /*append=*/true);
  EXPECT_EQ(option.value_text(), "dark-blue,red,red");
  EXPECT_EQ(to_json({option}).dump(), R"({"colours":["dark-blue","red","red"]})");
  EXPECT_EQ(message_of([&] { set_from_text(option, "red,blue"); }),
            "[--colours] expected one of red, dark-blue, got 'red,blue'");
  set_from_json({option}, {{"colours", {"red"}}}, "run.json");
  EXPECT_EQ(settings.colours, std::vector{Colour::kRed});
}

TEST(Choice, NamesAndValuesMapToEachOther) {
  EXPECT_EQ(name_of(Colour::kDarkBlue), "dark-blue");
  EXPECT_EQ(choice_of<Colour>("dark-blue"), Colour::kDarkBlue);
  EXPECT_EQ(choice_of<Colour>("dark"), std::nullopt);
  EXPECT_EQ(choice_of<Colour>(""), std::nullopt);
}

TEST(Options, PlusMakesANumberRelativeWhereThatIsAllowed) {
  Settings settings;
  set_from_text(settings.describe()[0], "+4");
  EXPECT_EQ(settings.count, 4);
  EXPECT_TRUE(settings.relative);
}

TEST(Options, BadTextIsAUsageErrorThatNamesFlagRuleAndValue) {
  Settings settings;
  const auto options = settings.describe();
  EXPECT_EQ(message_of([&] { set_from_text(options[0], "0"); }),
            "[--count] expected an integer of at least 1 and at most 10, got '0'");
  EXPECT_EQ(message_of([&] { set_from_text(options[0], "3.5"); }),
            "[--count] expected an integer of at least 1 and at most 10, got '3.5'");
  EXPECT_EQ(message_of([&] { set_from_text(options[1], "0"); }),
            "[--learning-rate] expected a number greater than 0, got '0'");
  EXPECT_EQ(message_of([&] { set_from_text(options[1], "nan"); }),
            "[--learning-rate] expected a number greater than 0, got 'nan'");
  EXPECT_EQ(message_of([&] { set_from_text(options[3], "c"); }), "[--name] expected one of a, b, got 'c'");
  EXPECT_EQ(message_of([&] { set_from_text(options[5], "soon"); }),
            "[--max-time] expected a duration such as 90s, 30m or 2h, got 'soon'");
}

TEST(Options, JsonThatWasWrittenSetsTheSameValues) {
  Settings written;
  written.count = 9, written.rate = 0.125, written.loud = true, written.name = "b",
  written.files = {"p", "q,r"}, written.time = 90;
  const auto text = to_json(written.describe()).dump();
  Settings read;
  set_from_json(read.describe(), nlohmann::json::parse(text), "run.json");
  EXPECT_EQ(to_json(read.describe()).dump(), text);
  EXPECT_EQ(read.files, written.files);
}

TEST(Options, NamesThatAreNotUtf8StayTheirBytesInJson) {
  struct Names {
    std::string text;
    StringList files;
    OptionList describe() {
      return {option(text, "text", "F", "a file"), option(files, "files", "F", "some files")};
    }
  };
  Names written;
  written.text = "caf\xE9.en", written.files = {"plain", std::string("\xFF\x00\x0A", 3), ""};
  const auto text = to_json(written.describe()).dump();
  EXPECT_NE(text.find("\"text\":{\"text\":\"caf\xEF\xBF\xBD.en\",\"hex\":\"636166e92e656e\"}"),
            std::string::npos)
      << text;
  Names read;
  set_from_json(read.describe(), nlohmann::json::parse(text), "run.json");
  EXPECT_EQ(read.text, written.text);
  EXPECT_EQ(read.files, written.files);
  for (const char* hex : {"6", "6g", "-1", "636"}) {
    const nlohmann::json bad = {{"text", {{"text", "a"}, {"hex", hex}}}};
    EXPECT_THROW(set_from_json(read.describe(), bad, "run.json"), ConfigError) << hex;
  }
}

TEST(Options, ANameWithACommaIsOneFileWhereItIsThere) {
  const TemporaryFolder folder;
  const std::string there = folder.write("a,b", "");
  Settings settings;
  const Option files = settings.describe()[4];
  set_from_text(files, there);
  EXPECT_EQ(settings.files, StringList{there});
  set_from_text(files, "c,d", true);
  set_from_text(files, there, true);
  EXPECT_EQ(settings.files, (StringList{there, "c", "d", there}));
}

TEST(Options, JsonErrorsNameFileAndKey) {
  Settings settings;
  const auto set = [&](const char* text) {
    return message_of([&] { set_from_json(settings.describe(), nlohmann::json::parse(text), "run.json"); });
  };
  EXPECT_EQ(
      set(R"({"learning_rat": 1})"),
      "[run.json: learning_rat] expected a known key (did you mean 'learning_rate'?), got 'learning_rat'");
  EXPECT_EQ(set(R"({"count": "3"})"),
            "[run.json: count] expected an integer of at least 1 and at most 10, got \"3\"");
  EXPECT_EQ(set(R"({"count": 11})"),
            "[run.json: count] expected an integer of at least 1 and at most 10, got 11");
  EXPECT_EQ(set(R"({"loud": 1})"), "[run.json: loud] expected true or false, got 1");
  EXPECT_EQ(set(R"({"files": [1]})"), "[run.json: files] expected a list of strings, got [1]");
}

TEST(Options, NearestNameIsTheLikelyOneOrNone) {
  EXPECT_EQ(nearest_name("beam-sise", {"beam-size", "max-tokens"}), "beam-size");
  EXPECT_EQ(nearest_name("xyzzy", {"beam-size", "max-tokens"}), "");
}

}  // namespace
}  // namespace dragoman
