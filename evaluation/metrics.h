// The API of the scores of a translated text: BLEU, chrF and TER of a corpus, equal to sacreBLEU's to two
// decimals, with its signature; and SER and PER, the error rates of short outputs.
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

enum class MetricName { kBleu, kChrf, kTer, kPer, kSer };
constexpr auto names_of(MetricName) {
  return choice_names("bleu", "chrf", "ter", "per", "ser");
}

struct MetricOptions {
  std::vector<MetricName> metrics = {MetricName::kBleu, MetricName::kChrf};
  BleuOptions bleu = {};
  ChrfOptions chrf = {};
  TerOptions ter = {};
  bool confidence = false;
  int64_t bootstrap_samples = 1000;
  std::optional<uint64_t> seed =
      12345;  // of all resampling; sacreBLEU's default; none: a random one in each call

  OptionList describe();
  bool asks_for(MetricName metric) const;
  uint64_t sampling_seed() const;
  std::string seed_text() const;  // "12345" or "none", as in a signature
};

// UsageError that explains why "wer" is no metric. It is ambiguous: papers on pronunciations mean the share
// of wrong lines, speech recognition means edits of words.
[[noreturn]] void refuse_word_error_rate();

struct MetricScore {
  std::string name;  // BLEU, chrF2, chrF2++, TER, PER, SER
  double score;      // of 100
  std::string signature;
  std::string verbose;  // details of the score; empty for chrF and TER
  std::optional<ConfidenceInterval> confidence;
};

// Scores raw, detokenised text. references[r][i] is the r-th reference of hypotheses[i]. Invalid UTF-8 counts
// as U+FFFD. The scores are in sacreBLEU's order (BLEU, chrF, TER, then PER and SER), each once. DataError
// when there is no line or no reference, or when the counts differ. UsageError when
// no metric is named.
std::vector<MetricScore> score_corpus(const StringList& hypotheses, const std::vector<StringList>& references,
                                      const MetricOptions& options);

// The score of each line by the one metric that the options name, as sacreBLEU's `--sentence-level`: BLEU
// uses only the orders that a line is long enough for. Errors as above, and UsageError for several metrics.
std::vector<MetricScore> score_sentences(const StringList& hypotheses,
                                         const std::vector<StringList>& references,
                                         const MetricOptions& options);

// How scores are printed.
struct ScoreFormat {
  int64_t width = -1;  // decimals; negative: two in text, all of them in JSON
  bool score_only = false;
  bool short_signature = false;  // sacreBLEU's abbreviations, in text
};
int decimals_of(const ScoreFormat& format);
double rounded(double value, const ScoreFormat& format);  // for JSON

// sacreBLEU's line: "BLEU|nrefs:1|...|version:V = 27.65 54.4/26.6/14.9/8.7 (BP = 1.000 ...)".
std::string as_text(const MetricScore& score, const ScoreFormat& format = {});

// sacreBLEU's `-f json`. Several scores are always a list.
nlohmann::ordered_json as_json(const MetricScore& score, const ScoreFormat& format = {});
nlohmann::ordered_json as_json(const std::vector<MetricScore>& scores, const ScoreFormat& format = {});

// The steps of score_corpus(), which comparison.h also needs.
std::vector<std::unique_ptr<Metric>> make_metrics(const MetricOptions& options);
void check_counts(const StringList& hypotheses, const std::vector<StringList>& references);
std::vector<Statistics> segment_statistics(const Metric& metric, const StringList& hypotheses,
                                           const std::vector<StringList>& references);
// resampling: the entries after nrefs, such as "bs:1000", "seed:12345".
std::string full_signature(const Metric& metric, size_t references, const StringList& resampling);
StringList valid_lines(StringList lines);  // U+FFFD for invalid UTF-8
// "BLEU|#:1|c:mixed|..." of "BLEU|nrefs:1|case:mixed|...": sacreBLEU's `--short`.
std::string short_signature(const std::string& metric, const std::string& signature);

}  // namespace dragoman
