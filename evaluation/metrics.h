// The door to the scores of a translated text: BLEU, chrF and TER of a corpus, equal to sacreBLEU's to two
// decimals, with its signature.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "evaluation/bleu.h"
#include "evaluation/bootstrap.h"
#include "evaluation/chrf.h"
#include "evaluation/ter.h"

namespace dragoman {

struct MetricOptions {
  StringList metrics = {"bleu", "chrf"};
  BleuOptions bleu = {};
  ChrfOptions chrf = {};
  TerOptions ter = {};
  bool confidence = false;
  int64_t bootstrap_samples = 1000;
  std::optional<uint64_t> seed = 12345;  // of all resampling, sacreBLEU's; none: another one at each call

  OptionList describe();
  uint64_t drawn_seed() const;
  std::string seed_text() const;  // "12345" or "none", as in a signature
};

struct MetricScore {
  std::string name;  // BLEU, chrF2, chrF2++, TER
  double score;      // of 100
  std::string signature;
  std::string verbose;  // what sacreBLEU adds behind the score; empty for all but BLEU
  std::optional<ConfidenceInterval> confidence;
};

// Scores raw, detokenised text. references[r][i] is the r-th reference of hypotheses[i]. Invalid UTF-8 counts
// as U+FFFD. The scores come in sacreBLEU's order (BLEU, chrF, TER), each once. DataError when there is no
// line or no reference, or the counts differ; UsageError for an unknown metric.
std::vector<MetricScore> score_corpus(const StringList& hypotheses, const std::vector<StringList>& references,
                                      const MetricOptions& options);

// sacreBLEU's line, with two decimals: "BLEU|nrefs:1|...|version:V = 27.65 54.4/26.6/14.9/8.7 (BP = 1.000
// ...)".
std::string as_text(const MetricScore& score);

// sacreBLEU's `-f json`, always a list; the score is not rounded.
nlohmann::ordered_json as_json(const std::vector<MetricScore>& scores);

// The steps of it, which comparison.h takes too.
std::vector<std::unique_ptr<Metric>> make_metrics(const MetricOptions& options);
void check_counts(const StringList& hypotheses, const std::vector<StringList>& references);
std::vector<Statistics> segment_statistics(const Metric& metric, const StringList& hypotheses,
                                           const std::vector<StringList>& references);
// resampling: what stands behind nrefs, such as "bs:1000", "seed:12345".
std::string full_signature(const Metric& metric, size_t references, const StringList& resampling);
StringList valid_lines(StringList lines);  // U+FFFD for what is not UTF-8

}  // namespace dragoman
