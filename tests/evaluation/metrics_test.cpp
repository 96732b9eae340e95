#include "evaluation/metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/json.h"

namespace dragoman {
namespace {

const StringList kHypotheses = {"the cat sat on the mat", "a b c", ""};
const StringList kReferences = {"the cat sat on a mat", "a b c d", "x"};

std::string without_version(const std::string& signature) {
  return signature.substr(0, signature.rfind("|version:"));
}

void set_flags(MetricOptions& options, const nlohmann::json& flags) {
  OptionList described = options.describe();
  for (size_t i = 0; i < flags.size(); i += 2) {
    const auto flag = flags[i].get<std::string>();
    const auto match = std::find_if(described.begin(), described.end(),
                                    [&](const Option& option) { return "--" + option.name == flag; });
    ASSERT_NE(match, described.end()) << flag;
    set_from_text(*match, flags[i + 1].get<std::string>());
  }
}

TEST(Metrics, AgreeWithSacreBleuOnEveryStoredCorpus) {
  const auto file = read_json_file(DRAGOMAN_TEST_DIR "/reference/metric_cases.json", ErrorKind::kData);
  ASSERT_GE(file.at("cases").size(), 200u);
  const auto& variants = file.at("variants");
  for (size_t v = 0; v < variants.size(); ++v) {
    MetricOptions options;
    options.metrics = {choice_of<MetricName>(variants[v].at("metric").get<std::string>()).value()};
    set_flags(options, variants[v].at("flags"));
    for (size_t c = 0; c < file["cases"].size(); ++c) {
      SCOPED_TRACE("case " + std::to_string(c) + " " + variants[v].dump());
      const auto& example = file["cases"][c];
      const auto references = example.at("references").get<std::vector<StringList>>();
      const auto scores = score_corpus(example.at("hypotheses").get<StringList>(), references, options);
      ASSERT_EQ(scores.size(), 1u);
      EXPECT_NEAR(scores[0].score, example.at("scores")[v].get<double>(), 2e-6);  // stored with six decimals
      const std::string expected = file.at("signatures").at(std::to_string(references.size()))[v];
      EXPECT_EQ(scores[0].name + "|" + without_version(scores[0].signature), expected);
      if (v == 0) {
        EXPECT_EQ(scores[0].verbose, example.at("verbose").get<std::string>());
      }
    }
  }
}

TEST(Metrics, AreInSacreBleusOrderEachOnce) {
  MetricOptions options;
  options.metrics = {MetricName::kTer, MetricName::kChrf, MetricName::kBleu, MetricName::kChrf};
  std::string names;
  for (const auto& score : score_corpus(kHypotheses, {kReferences}, options)) names += score.name + " ";
  EXPECT_EQ(names, "BLEU chrF2 TER ");
}

TEST(Metrics, IdenticalCorporaArePerfectAlsoWithBlankLines) {
  MetricOptions options;
  options.metrics = {MetricName::kBleu, MetricName::kChrf, MetricName::kTer};
  const StringList lines = {"one two three four five", "", " \t", "six seven eight nine ten"};
  const auto scores = score_corpus(lines, {lines}, options);
  EXPECT_DOUBLE_EQ(scores[0].score, 100);
  EXPECT_DOUBLE_EQ(scores[1].score, 100);
  EXPECT_DOUBLE_EQ(scores[2].score, 0);
}

TEST(Metrics, CorpusScoreIsOfSummedCountsNotAMeanOfScores) {
  MetricOptions options;
  options.metrics = {MetricName::kTer};
  // 1 edit of 1 word and 0 of 9: 1 of 10, not the mean of 100 and 0.
  const auto scores = score_corpus({"x", "a b c d e f g h i"}, {{"y", "a b c d e f g h i"}}, options);
  EXPECT_DOUBLE_EQ(scores[0].score, 10);
}

TEST(Metrics, SpaceAtTheEndsOfLinesDoesNotCount) {
  const MetricOptions options{.chrf = {.whitespace = true}};
  const auto bare = score_corpus({"a b c d."}, {{"a b c e."}}, options);
  const auto spaced = score_corpus({"a b c d.\u2003\r"}, {{"a b c e. "}}, options);
  for (size_t i = 0; i < bare.size(); ++i) EXPECT_EQ(spaced[i].score, bare[i].score) << bare[i].name;
}

TEST(Metrics, InvalidUtf8CountsAsReplacementCharacters) {
  MetricOptions options;
  options.metrics = {MetricName::kBleu, MetricName::kChrf, MetricName::kTer};
  const auto scores = score_corpus({"a b c \xFF"}, {{"a b c \xC3"}}, options);  // both are "a b c \uFFFD"
  EXPECT_DOUBLE_EQ(scores[0].score, 100);
  EXPECT_DOUBLE_EQ(scores[1].score, 100);
  EXPECT_DOUBLE_EQ(scores[2].score, 0);
}

TEST(Metrics, ADifferentCountOfLinesIsADataErrorNamingBoth) {
  try {
    score_corpus({"a", "b", "c"}, {{"a", "b", "c"}, {"a", "b"}}, {});
    FAIL() << "no error";
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("reference 2"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("(3)"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("got 2"), std::string::npos) << error.what();
  }
}

TEST(Metrics, NothingToScoreIsADataError) {
  EXPECT_THROW(score_corpus({}, {{}}, {}), DataError);
  EXPECT_THROW(score_corpus({"a"}, {}, {}), DataError);
}

TEST(Metrics, AnUnknownMetricIsAUsageError) {
  EXPECT_THROW(score_corpus({"a"}, {{"a"}}, {.metrics = {}}), UsageError);
}

TEST(Metrics, TextIsSacreBleusLineWithTwoDecimals) {
  const MetricScore score{"BLEU", 27.6549, "nrefs:1|tok:13a|version:V", "54.4/26.6/14.9/8.7 (BP = 1.000)",
                          std::nullopt};
  EXPECT_EQ(as_text(score), "BLEU|nrefs:1|tok:13a|version:V = 27.65 54.4/26.6/14.9/8.7 (BP = 1.000)");
  const MetricScore sure{"TER", 50, "nrefs:1|version:V", "", ConfidenceInterval{50.126, 1.5}};
  EXPECT_EQ(as_text(sure), "TER|nrefs:1|version:V = 50.00 (μ = 50.13 ± 1.50)");
}

TEST(Metrics, SignatureEndsWithOurVersion) {
  const auto scores = score_corpus(kHypotheses, {kReferences, kReferences}, {});
  EXPECT_EQ(scores[0].signature,
            "nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp|version:dragoman-" DRAGOMAN_VERSION);
  EXPECT_EQ(scores[1].signature,
            "nrefs:2|case:mixed|eff:yes|nc:6|nw:0|space:no|version:dragoman-" DRAGOMAN_VERSION);
}

TEST(Metrics, JsonIsSacreBleusListWithTheScoreUnrounded) {
  MetricOptions options;
  options.metrics = {MetricName::kBleu};
  const auto scores = score_corpus(kHypotheses, {kReferences}, options);
  const auto json = as_json(scores);
  ASSERT_TRUE(json.is_array());
  std::string keys;
  for (const auto& item : json[0].items()) keys += item.key() + " ";
  EXPECT_EQ(keys, "name score signature verbose_score nrefs case eff tok smooth version ");
  EXPECT_EQ(json[0]["score"].get<double>(), scores[0].score);
  EXPECT_EQ(json[0]["nrefs"], "1");
  EXPECT_EQ(json[0]["version"], "dragoman-" DRAGOMAN_VERSION);
}

TEST(Metrics, ConfidenceIsAddedToScoreAndSignature) {
  MetricOptions options{.metrics = {MetricName::kChrf}, .confidence = true, .bootstrap_samples = 50};
  const auto scores = score_corpus(kHypotheses, {kReferences}, options);
  ASSERT_TRUE(scores[0].confidence.has_value());
  EXPECT_GT(scores[0].confidence->half_width, 0);
  EXPECT_EQ(scores[0].signature.rfind("nrefs:1|bs:50|seed:12345|case:mixed|", 0), 0u) << scores[0].signature;
  const auto json = as_json(scores);
  std::string keys;
  for (const auto& item : json[0].items()) keys += item.key() + " ";
  EXPECT_EQ(keys,
            "name score signature confidence_mean confidence_var confidence nrefs bs seed case eff nc nw "
            "space version ");
  EXPECT_EQ(json[0]["confidence_var"].get<double>(), scores[0].confidence->half_width);
}

TEST(Metrics, EveryOptionHasANameOfItsOwnAndAHelp) {
  MetricOptions options;
  std::set<std::string> names;
  for (const auto& option : options.describe()) {
    EXPECT_TRUE(names.insert(option.name).second) << option.name;
    EXPECT_FALSE(option.help.empty()) << option.name;
  }
  EXPECT_EQ(names.count("tokenize"), 1u);
}

}  // namespace
}  // namespace dragoman
