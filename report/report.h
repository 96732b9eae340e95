// report.html: a training run on one self-contained page, without script and network. Curves,
// sample translations, corpus statistics, settings; light and dark, on a wide screen and on a narrow
// one.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/options.h"
#include "data/corpus_report.h"
#include "data/corpus_statistics.h"
#include "report/run_history.h"

namespace dragoman {

// One corpus as it was read and encoded.
struct ReportCorpus {
  std::string title;  // "Training text"
  CorpusReport text = CorpusReport(), encoding = CorpusReport();
  CorpusReport findings = CorpusReport();  // odd pairs that were kept: see data/corpus_doctor.h
  int64_t held_out = 0;                    // pairs of it that became validation text
  LengthStatistics source = {}, target = {};
};

struct ReportSetting {
  std::string group, name, value, usual, help;  // usual: the default

  bool changed() const { return value != usual; }
};

struct ReportContent {
  std::string name;                                        // of the model
  std::vector<std::pair<std::string, std::string>> facts;  // "parameters", "5,234,688"
  std::vector<ReportCorpus> corpora;
  std::vector<ReportSetting> settings;
  ValidMetric valid_metric = ValidMetric::kChrf;
  RunHistory history;
  bool running = false;    // the page then reloads itself every minute
  std::string written_at;  // date and time; may be empty
};

// What the user would set, in the order of --help. usual: the same options with their defaults.
std::vector<ReportSetting> report_settings(const OptionList& options, const OptionList& usual);

std::string report_html(const ReportContent& content);

}  // namespace dragoman
