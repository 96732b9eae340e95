// Several systems on one test set: their scores side by side, each against the first, the baseline, by a
// paired test when one is asked for. What is computed is sacreBLEU 2's `--paired-bs` and `--paired-ar`, draw
// by draw.
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
  bool paired_bootstrap = false, paired_randomisation = false;  // one at most
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
  StringList systems;  // their names; in a paired test the first is "Baseline: NAME", as sacreBLEU has it,
                       // and "Baseline" where it has no name
  std::vector<MetricComparison> metrics;
  ComparisonOptions options;
};

// UsageError when two systems have one name.
void check_names(const StringList& names);

// Confidence intervals come with the paired bootstrap, and with MetricOptions::confidence. UsageError as
// check(), and for two systems of one name; else as score_corpus().
Comparison compare_systems(const std::vector<SystemOutput>& systems,
                           const std::vector<StringList>& references, const MetricOptions& metrics,
                           const ComparisonOptions& options);

// A table with two decimals (or format.width), p-values with four and an asterisk below 0.05; then the
// signatures.
std::string as_text(const Comparison& comparison, const ScoreFormat& format = {});

// sacreBLEU's `-f json` of several systems, {"system": ..., "BLEU": {"score", "p_value", "mean", "ci"}, ...}
// each, with the signature beside; nothing is rounded unless format.width says so.
nlohmann::ordered_json as_json(const Comparison& comparison, const ScoreFormat& format = {});

}  // namespace dragoman
