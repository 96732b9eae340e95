#include "evaluation/comparison.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/json.h"

namespace dragoman {
namespace {

const StringList kReference = {"the cat sat on the mat", "a b c d e f", "x y z"};
const std::vector<SystemOutput> kSystems = {{"old", {"the cat sat on a mat", "a b c d", "x"}},
                                            {"new", {"the cat sat on the mat", "a b c d e", "x y"}}};

std::vector<SystemOutput> systems_of(const nlohmann::json& example) {
  std::vector<SystemOutput> systems;
  for (const auto& lines : example.at("systems"))
    systems.push_back({"s" + std::to_string(systems.size()), lines.get<StringList>()});
  return systems;
}

void expect_near(const std::optional<double>& ours, const nlohmann::json& theirs, double tolerance,
                 const std::string& what) {
  ASSERT_EQ(ours.has_value(), !theirs.is_null()) << what;
  if (ours) {
    EXPECT_NEAR(*ours, theirs.get<double>(), tolerance) << what;
  }
}

void expect_same(const Comparison& ours, const nlohmann::json& theirs) {
  ASSERT_EQ(ours.metrics.size(), theirs.size());
  for (size_t m = 0; m < theirs.size(); ++m) {
    const MetricComparison& metric = ours.metrics[m];
    EXPECT_EQ(metric.name, theirs[m].at("metric").get<std::string>());
    EXPECT_EQ(metric.signature.substr(0, metric.signature.rfind('|')),
              theirs[m].at("signature").get<std::string>());
    for (size_t i = 0; i < metric.systems.size(); ++i) {
      SCOPED_TRACE(metric.name + " of system " + std::to_string(i));
      const auto& expected = theirs[m].at("systems")[i];
      const SystemScore& system = metric.systems[i];
      const auto& interval = system.confidence;
      EXPECT_NEAR(system.score, expected.at("score").get<double>(), 1e-9);
      // The samples are the same; sacreBLEU sums them in 32 bits.
      expect_near(interval ? std::optional(interval->mean) : std::nullopt, expected.at("mean"), 1e-4, "mean");
      expect_near(interval ? std::optional(interval->half_width) : std::nullopt, expected.at("ci"), 1e-4,
                  "interval");
      expect_near(system.p_value, expected.at("p_value"), 1e-12, "p-value");
    }
  }
}

TEST(Comparison, EqualsSacreBleusPairedTestsOnEveryStoredCorpus) {
  const auto file = read_json_file(DRAGOMAN_TEST_DIR "/reference/paired_cases.json", ErrorKind::kData);
  ASSERT_GE(file.at("cases").size(), 4u);
  for (const auto& example : file["cases"]) {
    SCOPED_TRACE(std::to_string(example.at("systems")[0].size()) + " lines");
    const auto references = example.at("references").get<std::vector<StringList>>();
    MetricOptions metrics{.metrics = {MetricName::kBleu, MetricName::kChrf, MetricName::kTer}};
    metrics.seed = example.at("seed").get<uint64_t>();
    const ComparisonOptions bootstrap{.paired_bootstrap = true, .bootstrap_trials = 200};
    const ComparisonOptions randomisation{.paired_randomisation = true, .randomisation_trials = 300};
    expect_same(compare_systems(systems_of(example), references, metrics, bootstrap), example.at("bs"));
    expect_same(compare_systems(systems_of(example), references, metrics, randomisation), example.at("ar"));
  }
}

TEST(Comparison, WithoutATestHasTheScoresOfEachSystemAlone) {
  const auto comparison = compare_systems(kSystems, {kReference}, {}, {});
  EXPECT_EQ(comparison.systems, (StringList{"old", "new"}));
  for (size_t i = 0; i < kSystems.size(); ++i) {
    const auto alone = score_corpus(kSystems[i].lines, {kReference}, {});
    for (size_t m = 0; m < alone.size(); ++m) {
      EXPECT_EQ(comparison.metrics[m].systems[i].score, alone[m].score);
      EXPECT_EQ(comparison.metrics[m].signature, alone[m].signature);
      EXPECT_FALSE(comparison.metrics[m].systems[i].p_value || comparison.metrics[m].systems[i].confidence);
    }
  }
}

TEST(Comparison, ConfidenceGivesEachSystemTheIntervalThatItHasAlone) {
  const MetricOptions metrics{.metrics = {MetricName::kChrf}, .confidence = true, .bootstrap_samples = 50};
  const auto comparison = compare_systems(kSystems, {kReference}, metrics, {.paired_randomisation = true});
  EXPECT_EQ(comparison.metrics[0].signature.rfind("nrefs:1|bs:50|ar:10000|seed:12345|", 0), 0u);
  for (size_t i = 0; i < kSystems.size(); ++i) {
    const auto alone = score_corpus(kSystems[i].lines, {kReference}, metrics);
    EXPECT_EQ(comparison.metrics[0].systems[i].confidence->half_width, alone[0].confidence->half_width);
  }
}

TEST(Comparison, AsTextIsATableWithTheBaselineFirst) {
  Comparison comparison{{"Baseline: öld", "new"}, {{"BLEU", "nrefs:1|version:V", {}}}, {}};
  comparison.options.paired_bootstrap = true;
  comparison.metrics[0].systems = {{27.654, {}, ConfidenceInterval{27.5, 0.9}},
                                   {3, 0.04999, ConfidenceInterval{3.1, 0.25}}};
  const std::string text = as_text(comparison);
  EXPECT_EQ(text.substr(0, text.find("\n\n") + 1),
            "System         BLEU (μ ± 95% CI)\n"
            "Baseline: öld  27.65 (27.50 ± 0.90)\n"
            "new            3.00 (3.10 ± 0.25) (p = 0.0500)*\n");
  EXPECT_NE(text.find("paired bootstrap resampling, 1,000 trials"), std::string::npos);
  EXPECT_NE(text.find("\nBLEU|nrefs:1|version:V\n"), std::string::npos);
}

TEST(Comparison, AsJsonIsSacreBleusListUnrounded) {
  const auto comparison = compare_systems(kSystems, {kReference}, {}, {.paired_randomisation = true});
  const auto json = as_json(comparison);
  ASSERT_EQ(json.size(), 2u);
  EXPECT_EQ(json[0]["system"], "Baseline: old");
  EXPECT_EQ(json[1]["system"], "new");
  EXPECT_TRUE(json[0]["BLEU"]["p_value"].is_null());
  EXPECT_TRUE(json[1]["BLEU"]["mean"].is_null());
  EXPECT_EQ(json[1]["chrF2"]["p_value"].get<double>(), *comparison.metrics[1].systems[1].p_value);
  EXPECT_EQ(json[1]["chrF2"]["score"].get<double>(), comparison.metrics[1].systems[1].score);
  EXPECT_EQ(json[1]["BLEU"]["signature"].get<std::string>().rfind("nrefs:1|ar:10000|seed:12345|", 0), 0u);
}

TEST(Comparison, WithoutASeedReportsItInTheSignature) {
  MetricOptions metrics;
  metrics.seed = std::nullopt;
  const auto comparison = compare_systems(kSystems, {kReference}, metrics, {.paired_randomisation = true});
  EXPECT_NE(comparison.metrics[0].signature.find("|seed:none|"), std::string::npos);
}

TEST(Comparison, OfOneSystemOrOfTwoTestsIsAUsageError) {
  EXPECT_THROW(compare_systems({kSystems[0]}, {kReference}, {}, {.paired_bootstrap = true}), UsageError);
  EXPECT_THROW(
      compare_systems(kSystems, {kReference}, {}, {.paired_bootstrap = true, .paired_randomisation = true}),
      UsageError);
}

TEST(Comparison, OfSystemsWithOneNameOrOfUnequalLengthNamesThem) {
  const auto message = [](std::vector<SystemOutput> systems) -> std::string {
    try {
      compare_systems(systems, {kReference}, {}, {});
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_NE(message({kSystems[0], kSystems[0]}).find("old twice"), std::string::npos);
  EXPECT_EQ(message({kSystems[0], {"short", {"a", "b"}}}).rfind("[short] ", 0), 0u);
}

}  // namespace
}  // namespace dragoman
