#include "evaluation/metrics.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>

#include "core/log.h"
#include "core/utf8.h"

namespace dragoman {
namespace {

MetricScore score_one(const Metric& metric, const StringList& hypotheses,
                      const std::vector<StringList>& references, const MetricOptions& options) {
  const auto segments = segment_statistics(metric, hypotheses, references);
  const Statistics sums = sum_of(segments);
  StringList resampling;
  if (options.confidence) {
    resampling = {"bs:" + std::to_string(options.bootstrap_samples), "seed:" + options.seed_text()};
  }
  MetricScore result{metric.name(), metric.score(sums), full_signature(metric, references.size(), resampling),
                     metric.verbose(sums), std::nullopt};
  if (options.confidence) {
    result.confidence =
        interval_of(bootstrap_scores(metric, segments, options.bootstrap_samples, options.drawn_seed()));
  }
  return result;
}

// "μ = 27.60 ± 0.90"
std::string interval_text(const ConfidenceInterval& interval) {
  return "\u03BC = " + fixed(interval.mean, 2) + " \u00B1 " + fixed(interval.half_width, 2);
}

}  // namespace

uint64_t MetricOptions::drawn_seed() const {
  return seed ? *seed : std::random_device()();
}

std::string MetricOptions::seed_text() const {
  return seed ? std::to_string(*seed) : "none";
}

OptionList MetricOptions::describe() {
  OptionList own = {
      option(metrics, "metrics", "LIST", "scores to compute").one_of({"bleu", "chrf", "ter"}),
      option(confidence, "confidence", "add 95 % confidence intervals by bootstrap resampling"),
      option(bootstrap_samples, "confidence-n", "N", "number of bootstrap samples").at_least(2)};
  return grouped("scoring", own + bleu.describe() + chrf.describe() + ter.describe());
}

std::vector<std::unique_ptr<Metric>> make_metrics(const MetricOptions& options) {
  static const StringList kKnown = {"bleu", "chrf", "ter"};
  if (options.metrics.empty()) throw UsageError("--metrics", "bleu, chrf or ter required, got none");
  for (const auto& name : options.metrics) {
    if (std::count(kKnown.begin(), kKnown.end(), name) == 0) {
      throw UsageError("--metrics", "bleu, chrf or ter required, got " + name);
    }
  }
  const auto asked = [&](const char* name) {
    return std::count(options.metrics.begin(), options.metrics.end(), name) > 0;
  };
  std::vector<std::unique_ptr<Metric>> metrics;
  if (asked("bleu")) metrics.push_back(std::make_unique<Bleu>(options.bleu));
  if (asked("chrf")) metrics.push_back(std::make_unique<Chrf>(options.chrf));
  if (asked("ter")) metrics.push_back(std::make_unique<Ter>(options.ter));
  return metrics;
}

void check_counts(const StringList& hypotheses, const std::vector<StringList>& references) {
  if (references.empty()) throw DataError("evaluate", "at least one reference is required, got none");
  for (size_t r = 0; r < references.size(); ++r) {
    if (references[r].size() == hypotheses.size()) continue;
    const std::string where = references.size() == 1 ? "reference" : "reference " + std::to_string(r + 1);
    throw DataError(where, "as many lines as hypotheses (" + std::to_string(hypotheses.size()) +
                               ") are required, got " + std::to_string(references[r].size()));
  }
  if (hypotheses.empty()) throw DataError("evaluate", "at least one line is required, got none");
}

std::vector<Statistics> segment_statistics(const Metric& metric, const StringList& hypotheses,
                                           const std::vector<StringList>& references) {
  std::vector<Statistics> segments;
  segments.reserve(hypotheses.size());
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    StringList of_line;
    for (const auto& reference : references) of_line.push_back(reference[i]);
    segments.push_back(metric.statistics(hypotheses[i], of_line));
  }
  return segments;
}

std::string full_signature(const Metric& metric, size_t references, const StringList& resampling) {
  std::string signature = "nrefs:" + std::to_string(references);
  for (const auto& entry : resampling) signature += "|" + entry;
  return signature + "|" + metric.signature() + "|version:dragoman-" DRAGOMAN_VERSION;
}

StringList valid_lines(StringList lines) {
  for (auto& line : lines) replace_invalid_utf8(line);
  return lines;
}

std::vector<MetricScore> score_corpus(const StringList& hypotheses, const std::vector<StringList>& references,
                                      const MetricOptions& options) {
  check_counts(hypotheses, references);
  const StringList valid_hypotheses = valid_lines(hypotheses);
  std::vector<StringList> valid_references;
  for (const auto& reference : references) valid_references.push_back(valid_lines(reference));

  std::vector<MetricScore> scores;
  for (const auto& metric : make_metrics(options)) {
    scores.push_back(score_one(*metric, valid_hypotheses, valid_references, options));
  }
  return scores;
}

std::string as_text(const MetricScore& score) {
  std::string text = score.name + "|" + score.signature + " = " + fixed(score.score, 2);
  if (score.confidence) text += " (" + interval_text(*score.confidence) + ")";
  if (!score.verbose.empty()) text += " " + score.verbose;
  return text;
}

nlohmann::ordered_json as_json(const std::vector<MetricScore>& scores) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& score : scores) {
    nlohmann::ordered_json entry;
    entry["name"] = score.name;
    entry["score"] = score.score;
    entry["signature"] = score.signature;
    if (score.confidence) {
      entry["confidence_mean"] = score.confidence->mean;
      entry["confidence_var"] = score.confidence->half_width;
      entry["confidence"] = interval_text(*score.confidence);
    }
    if (!score.verbose.empty()) entry["verbose_score"] = score.verbose;
    // Each "key:value" of the signature once more, by itself.
    for (size_t begin = 0; begin < score.signature.size();) {
      const size_t end = std::min(score.signature.find('|', begin), score.signature.size());
      const size_t colon = score.signature.find(':', begin);
      entry[score.signature.substr(begin, colon - begin)] =
          score.signature.substr(colon + 1, end - colon - 1);
      begin = end + 1;
    }
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace dragoman
