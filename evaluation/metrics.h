// The door to the scores of a translated text: BLEU, chrF and TER of a corpus, equal to sacreBLEU's to two
// decimals, with its signature.
#pragma once

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

  OptionList describe();
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

}  // namespace dragoman
