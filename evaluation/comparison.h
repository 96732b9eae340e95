// Compares several systems on one test set: their scores, and optionally a paired test of each against the
// first, the baseline. The tests are sacreBLEU 2's `--paired-bs` and `--paired-ar`, with the same random
// samples.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "evaluation/metrics.h"

namespace dragoman {

struct SystemOutput {
  std::string name;
  StringList lines;
};

struct ComparisonOptions {
  bool paired_bootstrap = false, paired_randomisation = false;  // at most one
  int64_t bootstrap_trials = 1000, randomisation_trials = 10'000;

  OptionList describe();
  void check(size_t systems) const;  // UsageError: both tests, or a test of one system
  bool paired() const { return paired_bootstrap || paired_randomisation; }
};

struct SystemScore {
  double score;
  std::optional<double> p_value;  // against the baseline; none for the baseline itself
  std::optional<ConfidenceInterval> confidence;
};

struct MetricComparison {
  std::string name, signature;
  std::vector<SystemScore> systems;  // in the order of the systems
};

struct Comparison {
  StringList systems;  // their names; in a paired test the first is "Baseline: NAME", as in sacreBLEU,
                       // or "Baseline" if it has no name
  std::vector<MetricComparison> metrics;
  ComparisonOptions options;
};

// UsageError when two systems have the same name.
void check_names(const StringList& names);

// The paired bootstrap and MetricOptions::confidence give confidence intervals. Throws the errors of check(),
// check_names() and score_corpus().
Comparison compare_systems(const std::vector<SystemOutput>& systems,
                           const std::vector<StringList>& references, const MetricOptions& metrics,
                           const ComparisonOptions& options);

// A table with two decimals (or format.width), then the signatures. p-values have four decimals, and an
// asterisk if they are at most 0.05.
std::string as_text(const Comparison& comparison, const ScoreFormat& format = {});

// sacreBLEU's `-f json` of several systems: {"system": ..., "BLEU": {"score", "p_value", "mean", "ci"}, ...}
// for each, and the signature. Values are rounded only if format.width says so.
nlohmann::ordered_json as_json(const Comparison& comparison, const ScoreFormat& format = {});

}  // namespace dragoman
