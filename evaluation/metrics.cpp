#include "evaluation/metrics.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>

#include "core/interrupt.h"
#include "core/log.h"
#include "core/utf8.h"
#include "evaluation/error_rates.h"

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
        interval_of(bootstrap_scores(metric, segments, options.bootstrap_samples, options.sampling_seed()));
  }
  return result;
}

// "μ = 27.60 ± 0.90"
std::string interval_text(const ConfidenceInterval& interval, int decimals) {
  return "\u03BC = " + fixed(interval.mean, decimals) + " \u00B1 " + fixed(interval.half_width, decimals);
}

// "27.65 (μ = 27.60 ± 0.90)"
std::string score_text(const MetricScore& score, const ScoreFormat& format) {
  std::string text = fixed(score.score, decimals_of(format));
  if (score.confidence) text += " (" + interval_text(*score.confidence, decimals_of(format)) + ")";
  return text;
}

// Calls `use` with the key and the value of each "key:value" of a signature.
template <typename Use>
void for_each_entry(const std::string& signature, Use use) {
  for (size_t begin = 0; begin < signature.size();) {
    const size_t end = std::min(signature.find('|', begin), signature.size());
    const size_t colon = signature.find(':', begin);
    use(signature.substr(begin, colon - begin), signature.substr(colon + 1, end - colon - 1));
    begin = end + 1;
  }
}

}  // namespace

int decimals_of(const ScoreFormat& format) {
  return format.width < 0 ? 2 : format.width;
}

double rounded(double value, const ScoreFormat& format) {
  return format.width < 0 ? value : std::strtod(fixed(value, decimals_of(format)).c_str(), nullptr);
}

void refuse_word_error_rate() {
  throw UsageError(
      "--metrics",
      "expected bleu, chrf, ter, per or ser (the share of wrong lines is ser; edits of the tokens "
      "of a line, such as words or phonemes, are per), got 'wer'");
}

bool MetricOptions::asks_for(MetricName metric) const {
  return std::count(metrics.begin(), metrics.end(), metric) > 0;
}

uint64_t MetricOptions::sampling_seed() const {
  return seed ? *seed : std::random_device()();
}

std::string MetricOptions::seed_text() const {
  return seed ? std::to_string(*seed) : "none";
}

OptionList MetricOptions::describe() {
  OptionList own = {
      option(
          metrics, "metrics", "LIST",
          "scores to compute: bleu, chrf (chrF2; chrF++ with --chrf-word-order 2) and ter. For short "
          "outputs there are two error rates: ser, the share of wrong lines (papers on pronunciations call "
          "it word error rate), and per, the edits of tokens such as phonemes"),
      option(confidence, "confidence", "add 95 % confidence intervals by bootstrap resampling"),
      option(bootstrap_samples, "confidence-n", "N", "number of bootstrap samples").at_least(2)};
  return grouped("scoring", own + bleu.describe() + chrf.describe() + ter.describe());
}

std::vector<std::unique_ptr<Metric>> make_metrics(const MetricOptions& options) {
  if (options.metrics.empty()) throw UsageError("--metrics", "expected bleu, chrf, ter, per or ser, got ''");
  std::vector<std::unique_ptr<Metric>> metrics;
  if (options.asks_for(MetricName::kBleu)) metrics.push_back(std::make_unique<Bleu>(options.bleu));
  if (options.asks_for(MetricName::kChrf)) metrics.push_back(std::make_unique<Chrf>(options.chrf));
  if (options.asks_for(MetricName::kTer)) metrics.push_back(std::make_unique<Ter>(options.ter));
  if (options.asks_for(MetricName::kPer)) metrics.push_back(std::make_unique<TokenErrorRate>());
  if (options.asks_for(MetricName::kSer)) metrics.push_back(std::make_unique<SentenceErrorRate>());
  return metrics;
}

void check_counts(const StringList& hypotheses, const std::vector<StringList>& references) {
  if (references.empty()) throw DataError("evaluate", "expected at least one reference, got none");
  for (size_t r = 0; r < references.size(); ++r) {
    if (references[r].size() == hypotheses.size()) continue;
    const std::string where = references.size() == 1 ? "reference" : "reference " + std::to_string(r + 1);
    throw DataError(where, "expected as many lines as hypotheses (" + std::to_string(hypotheses.size()) +
                               "), got " + std::to_string(references[r].size()));
  }
  if (hypotheses.empty()) throw DataError("evaluate", "expected at least one line, got none");
}

std::vector<Statistics> segment_statistics(const Metric& metric, const StringList& hypotheses,
                                           const std::vector<StringList>& references) {
  std::vector<Statistics> segments;
  segments.reserve(hypotheses.size());
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    StringList of_line;
    for (const auto& reference : references) of_line.push_back(reference[i]);
    throw_if_interrupted();
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

std::vector<MetricScore> score_sentences(const StringList& hypotheses,
                                         const std::vector<StringList>& references,
                                         const MetricOptions& options) {
  check_counts(hypotheses, references);
  MetricOptions of_lines = options;
  of_lines.bleu.effective_order = true;
  const auto metrics = make_metrics(of_lines);
  if (metrics.size() != 1)
    throw UsageError("--metrics",
                     "expected one metric for the scores of lines, got " + std::to_string(metrics.size()));
  const Metric& metric = *metrics.front();
  const std::string signature = full_signature(metric, references.size(), {});
  std::vector<StringList> valid_references;
  for (const auto& reference : references) valid_references.push_back(valid_lines(reference));
  std::vector<MetricScore> scores;
  for (const auto& segment : segment_statistics(metric, valid_lines(hypotheses), valid_references)) {
    scores.push_back(
        {metric.name(), metric.score(segment), signature, metric.verbose(segment), std::nullopt});
  }
  return scores;
}

std::string short_signature(const std::string& metric, const std::string& signature) {
  static const std::map<std::string, std::string> kShort = {
      {"nrefs", "#"},  {"version", "v"}, {"seed", "rs"}, {"case", "c"},   {"eff", "e"},
      {"smooth", "s"}, {"space", "s"},   {"norm", "nr"}, {"punct", "pn"}, {"asian", "as"}};
  std::string text;
  for_each_entry(signature, [&](const std::string& key, const std::string& value) {
    const auto found = kShort.find(key);
    const bool of_ter = key == "tok" && metric == "TER";
    text += (text.empty() ? "" : "|") +
            (of_ter                  ? "t"
             : found == kShort.end() ? key
                                     : found->second) +
            ":" + value;
  });
  return text;
}

std::string as_text(const MetricScore& score, const ScoreFormat& format) {
  if (format.score_only) return score_text(score, format);
  const std::string signature =
      format.short_signature ? short_signature(score.name, score.signature) : score.signature;
  return score.name + "|" + signature + " = " + score_text(score, format) +
         (score.verbose.empty() ? "" : " " + score.verbose);
}

nlohmann::ordered_json as_json(const MetricScore& score, const ScoreFormat& format) {
  nlohmann::ordered_json entry;
  entry["name"] = score.name;
  entry["score"] = rounded(score.score, format);
  entry["signature"] = score.signature;
  if (score.confidence) {
    entry["confidence_mean"] = rounded(score.confidence->mean, format);
    entry["confidence_var"] = rounded(score.confidence->half_width, format);
    entry["confidence"] = interval_text(*score.confidence, decimals_of(format));
  }
  if (!score.verbose.empty()) entry["verbose_score"] = score.verbose;
  // Each "key:value" of the signature is also an entry of its own.
  for_each_entry(score.signature,
                 [&](const std::string& key, const std::string& value) { entry[key] = value; });
  return entry;
}

nlohmann::ordered_json as_json(const std::vector<MetricScore>& scores, const ScoreFormat& format) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& score : scores) list.push_back(as_json(score, format));
  return list;
}

}  // namespace dragoman
