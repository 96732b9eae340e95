#include "evaluation/comparison.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/log.h"
#include "core/utf8.h"
#include "evaluation/paired_tests.h"

namespace dragoman {
namespace {

constexpr double kSignificant = 0.05;

void check(const std::vector<SystemOutput>& systems, const std::vector<StringList>& references,
           const ComparisonOptions& options) {
  if (systems.empty()) throw DataError("evaluate", "expected at least one system, got none");
  options.check(systems.size());
  StringList names;
  for (const auto& system : systems) {
    names.push_back(system.name);
    if (system.lines.size() != systems[0].lines.size()) {
      throw DataError(system.name, "expected as many lines as in " + systems[0].name + " (" +
                                       std::to_string(systems[0].lines.size()) + "), got " +
                                       std::to_string(system.lines.size()));
    }
  }
  check_names(names);
  check_counts(systems[0].lines, references);
}

// The signature entries of resampling.
StringList resampling_of(const MetricOptions& metrics, const ComparisonOptions& options) {
  StringList entries;
  if (options.paired_bootstrap)
    entries.push_back("bs:" + std::to_string(options.bootstrap_trials));
  else if (metrics.confidence)
    entries.push_back("bs:" + std::to_string(metrics.bootstrap_samples));
  if (options.paired_randomisation) entries.push_back("ar:" + std::to_string(options.randomisation_trials));
  if (!entries.empty()) entries.push_back("seed:" + metrics.seed_text());
  return entries;
}

// One metric's view of all systems.
class MetricComparer {
 public:
  MetricComparer(const Metric& metric, const std::vector<SystemOutput>& systems,
                 const std::vector<StringList>& references, uint64_t seed)
      : metric_(metric), seed_(seed) {
    for (const auto& system : systems)
      segments_.push_back(segment_statistics(metric, valid_lines(system.lines), references));
    for (const auto& segments : segments_)
      result_.systems.push_back({metric.score(sum_of(segments)), {}, {}});
    result_.name = metric.name();
  }

  void resample(int64_t samples) {
    for (size_t i = 0; i < segments_.size(); ++i) {
      samples_.push_back(bootstrap_scores(metric_, segments_[i], samples, seed_));
      result_.systems[i].confidence = interval_of(samples_.back());
    }
  }

  // Call resample() first if the test is the bootstrap.
  void test(const ComparisonOptions& options) {
    for (size_t i = 1; options.paired() && i < segments_.size(); ++i) {
      result_.systems[i].p_value =
          options.paired_bootstrap
              ? paired_bootstrap_p_value(samples_[0], samples_[i],
                                         result_.systems[i].score - result_.systems[0].score)
              : approximate_randomisation_p_value(metric_, segments_[0], segments_[i],
                                                  options.randomisation_trials, seed_);
    }
  }

  const MetricComparison& result() const { return result_; }

 private:
  const Metric& metric_;
  uint64_t seed_;
  std::vector<std::vector<Statistics>> segments_;  // of each system
  std::vector<std::vector<double>> samples_;       // the scores of each system's samples
  MetricComparison result_;
};

// The width of the text, one column per code point.
size_t columns(const std::string& text) {
  return to_code_points(text).size();
}

std::string cell(const SystemScore& system, const ScoreFormat& format) {
  const int decimals = decimals_of(format);
  std::string text = fixed(system.score, decimals);
  if (system.confidence) {
    text += " (" + fixed(system.confidence->mean, decimals) + " \u00B1 " +
            fixed(system.confidence->half_width, decimals) + ")";
  }
  if (system.p_value) {
    text += " (p = " + fixed(*system.p_value, 4) + ")" + (*system.p_value <= kSignificant ? "*" : "");
  }
  return text;
}

// rows[i][j]. Each column is as wide as its widest cell. Two spaces separate the columns.
std::string table(const std::vector<StringList>& rows) {
  std::string text;
  std::vector<size_t> widths(rows.front().size());
  for (const auto& row : rows) {
    for (size_t j = 0; j < row.size(); ++j) widths[j] = std::max(widths[j], columns(row[j]));
  }
  for (const auto& row : rows) {
    std::string line;
    for (size_t j = 0; j < row.size(); ++j)
      line += row[j] + std::string(widths[j] - columns(row[j]) + 2, ' ');
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

// What the p-values mean.
std::string legend(const Comparison& comparison) {
  const auto& options = comparison.options;
  const std::string test =
      options.paired_bootstrap
          ? "paired bootstrap resampling, " + with_commas(options.bootstrap_trials)
          : "paired approximate randomisation, " + with_commas(options.randomisation_trials);
  return "p: how often a difference from the baseline at least this large occurs by chance (" + test +
         " trials);\n* marks p of at most 0.05: the two systems differ, whichever is better.\n";
}

}  // namespace

OptionList ComparisonOptions::describe() {
  return grouped("Comparison of systems",
                 {
                     option(paired_bootstrap, "paired-bs",
                            "compare each system with the first by paired bootstrap resampling; gives "
                            "confidence intervals too"),
                     option(bootstrap_trials, "paired-bs-n", "N", "samples of --paired-bs").at_least(1),
                     option(paired_randomisation, "paired-ar",
                            "compare each system with the first by paired approximate randomisation"),
                     option(randomisation_trials, "paired-ar-n", "N", "trials of --paired-ar").at_least(1),
                 });
}

void ComparisonOptions::check(size_t systems) const {
  if (paired_bootstrap && paired_randomisation)
    throw UsageError("--paired-bs", "expected one paired test, got --paired-bs and --paired-ar");
  if (paired() && systems < 2) {
    throw UsageError(paired_bootstrap ? "--paired-bs" : "--paired-ar",
                     "expected several systems (repeat --hypothesis), got one");
  }
}

void check_names(const StringList& names) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (std::count(names.begin(), names.begin() + i, names[i]) > 0) {
      throw UsageError("--hypothesis",
                       "expected systems of different names (--name), got " + names[i] + " twice");
    }
  }
}

Comparison compare_systems(const std::vector<SystemOutput>& systems,
                           const std::vector<StringList>& references, const MetricOptions& metrics,
                           const ComparisonOptions& options) {
  check(systems, references, options);
  Comparison comparison;
  comparison.options = options;
  for (const auto& system : systems) comparison.systems.push_back(valid_lines({system.name}).front());
  if (options.paired()) {
    std::string& baseline = comparison.systems.front();
    baseline = "Baseline" + (baseline.empty() ? "" : ": " + baseline);
  }
  std::vector<StringList> valid_references;
  for (const auto& reference : references) valid_references.push_back(valid_lines(reference));
  const uint64_t seed = metrics.sampling_seed();
  for (const auto& metric : make_metrics(metrics)) {
    MetricComparer comparer(*metric, systems, valid_references, seed);
    if (options.paired_bootstrap)
      comparer.resample(options.bootstrap_trials);
    else if (metrics.confidence)
      comparer.resample(metrics.bootstrap_samples);
    comparer.test(options);
    comparison.metrics.push_back(comparer.result());
    comparison.metrics.back().signature =
        full_signature(*metric, references.size(), resampling_of(metrics, options));
  }
  return comparison;
}

std::string as_text(const Comparison& comparison, const ScoreFormat& format) {
  std::vector<StringList> rows = {{"System"}};
  for (const auto& name : comparison.systems) rows.push_back({name});
  for (const auto& metric : comparison.metrics) {
    rows[0].push_back(metric.name + (metric.systems[0].confidence ? " (\u03BC \u00B1 95% CI)" : ""));
    for (size_t i = 0; i < metric.systems.size(); ++i) rows[i + 1].push_back(cell(metric.systems[i], format));
  }
  std::string text = table(rows) + "\n";
  if (comparison.options.paired()) text += legend(comparison) + "\n";
  for (const auto& metric : comparison.metrics)
    text += metric.name + "|" +
            (format.short_signature ? short_signature(metric.name, metric.signature) : metric.signature) +
            "\n";
  return text;
}

nlohmann::ordered_json as_json(const Comparison& comparison, const ScoreFormat& format) {
  auto list = nlohmann::ordered_json::array();
  for (size_t i = 0; i < comparison.systems.size(); ++i) {
    nlohmann::ordered_json entry = {{"system", comparison.systems[i]}};
    for (const auto& metric : comparison.metrics) {
      const SystemScore& system = metric.systems[i];
      nlohmann::ordered_json scores = {
          {"score", rounded(system.score, format)}, {"p_value", nullptr}, {"mean", nullptr}, {"ci", nullptr}};
      if (system.p_value) scores["p_value"] = *system.p_value;
      if (system.confidence)
        scores["mean"] = rounded(system.confidence->mean, format),
        scores["ci"] = rounded(system.confidence->half_width, format);
      scores["signature"] = metric.signature;
      entry[metric.name] = scores;
    }
    list.push_back(entry);
  }
  return list;
}

}  // namespace dragoman
