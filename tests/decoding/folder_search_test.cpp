#include "decoding/folder_search.h"

#include <gtest/gtest.h>

namespace dragoman {
namespace {

GenerationDefaults parsed(const char* text) {
  GenerationDefaults defaults;
  parse_generation_config(nlohmann::json::parse(text), "f", defaults);
  return defaults;
}

SearchOptions applied(const char* text) {
  SearchOptions search;
  apply_generation(parsed(text), search);
  return search;
}

TEST(FolderSearch, AFolderWithoutSettingsChangesNothing) {
  SearchOptions search, usual;
  EXPECT_TRUE(apply_generation(parsed("{}"), search).empty());
  EXPECT_EQ(to_json(search.describe()), to_json(usual.describe()));
}

TEST(FolderSearch, LengthsCountTheStartTokenAsTransformersDoes) {
  EXPECT_EQ(applied(R"({"max_length": 6})").max_length, 5);
  EXPECT_EQ(applied(R"({"max_new_tokens": 6, "max_length": 3})").max_length, 6);
  EXPECT_EQ(applied(R"({"min_length": 6})").min_length, 5);
  EXPECT_EQ(applied(R"({"min_length": 0})").min_length, 0);
  EXPECT_EQ(applied(R"({"min_new_tokens": 6, "min_length": 3})").min_length, 6);
  // The value that training and the converter of OPUS-MT write into every folder only bounds the usual limit.
  EXPECT_EQ(applied(R"({"max_length": 512})").max_length, 0);
}

TEST(FolderSearch, StoppingRulesHaveTheirOwnNames) {
  EXPECT_EQ(applied(R"({"early_stopping": true})").search_until, SearchUntil::kFirst);
  EXPECT_EQ(applied(R"({"early_stopping": false})").search_until, SearchUntil::kHeuristic);
  EXPECT_EQ(applied(R"({"early_stopping": "never"})").search_until, SearchUntil::kExact);
}

TEST(FolderSearch, SamplingWithoutATopKUsesFiftyAsTransformersDoes) {
  EXPECT_EQ(applied(R"({"do_sample": true})").top_k, 50);
  EXPECT_EQ(applied(R"({"do_sample": true, "top_k": 3})").top_k, 3);
  EXPECT_EQ(applied("{}").top_k, 0);
}

TEST(FolderSearch, NamesTheOptionAndTheKeyOfEachSetting) {
  SearchOptions search;
  const auto settings = apply_generation(
      parsed(R"({"num_beams": 2, "suppress_tokens": [5, 6], "early_stopping": true})"), search);
  ASSERT_EQ(settings.size(), 3u);
  EXPECT_EQ(settings[0].option + " " + settings[0].key + " " + settings[0].value, "beam-size num_beams 2");
  EXPECT_EQ(settings[1].option + " " + settings[1].key + " " + settings[1].value,
            "search-until early_stopping true");
  EXPECT_EQ(settings[2].option + " " + settings[2].key + " " + settings[2].value, " suppress_tokens [5,6]");
  EXPECT_EQ(search.suppressed, (std::vector<int64_t>{5, 6}));
}

}  // namespace
}  // namespace dragoman
