// The corpus doctor finds errors and unusual pairs in parallel text before training. It reads the pairs one
// by one and keeps a 64-bit hash of each.
#pragma once

#include <limits>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/hash_set.h"
#include "core/options.h"
#include "data/corpus_report.h"
#include "data/encoded_corpus.h"
#include "data/parallel_text.h"
#include "tokenizer/tokenizer.h"

namespace dragoman {

// The sources of a held-out text, and which of them occur in the training text.
class HeldOutSources {
 public:
  void add(const std::string& source, const std::string& place);
  // The place of this source, or null. The source then counts as found in the training text.
  const std::string* find(const std::string& source);
  int64_t size() const { return places_.size(); }  // different sources
  int64_t met() const { return met_; }

 private:
  struct Place {
    std::string name;
    bool met = false;
  };
  std::unordered_map<uint64_t, Place> places_;
  int64_t met_ = 0;
};

// Finds pairs whose length ratio in characters is unusual in the same corpus. The usual ratio is known only
// at the end, so this class counts the pairs by ratio and keeps the first places of each.
class LengthRatios {
 public:
  explicit LengthRatios(int64_t max_examples) : max_examples_(max_examples) {}
  void add(const VisitedPair& pair);
  // Adds kUnusualRatio for each pair whose ratio is more than a factor of `factor` away from the median. A
  // side of fewer than 20 characters counts as 20.
  void report(double factor, CorpusReport& report) const;

 private:
  struct Bin {
    int64_t count = 0;
    std::vector<std::pair<int64_t, std::string>> examples;  // number of the pair, its place
  };
  std::map<int, Bin> bins_;
  int64_t pairs_ = 0, max_examples_;
};

// Adds line separators, duplicates, copies, and sources of held-out text to a report.
class PairExaminer {
 public:
  // Duplicates are found among the first `remembered` different pairs. Each takes at most 22 bytes.
  explicit PairExaminer(CorpusReport& report, uint64_t remembered = std::numeric_limits<uint64_t>::max())
      : report_(report), remembered_(remembered) {}
  // `text` is held out of the pairs that follow; `issue`: kInValidation or kInTest.
  void hold_out(CorpusIssue issue, HeldOutSources& text) { held_out_.emplace_back(issue, &text); }
  void examine(const VisitedPair& pair);

 private:
  CorpusReport& report_;
  uint64_t remembered_;
  HashSet pairs_;
  std::vector<std::pair<CorpusIssue, HeldOutSources*>> held_out_;
};

struct DoctorOptions {
  ParallelFiles text = {{}, {}, {}, {"--source", "--target", "--pairs"}};
  ParallelFiles valid = {{}, {}, {}, {"--valid-source", "--valid-target", "--valid-pairs"}};
  ParallelFiles test = {{}, {}, {}, {"--test-source", "--test-target", "--test-pairs"}};
  int64_t max_examples = 3;
  double length_ratio = 4;
  CorpusOptions corpus;  // the limits of train; needs tokenizers

  OptionList describe();
};

struct DoctorTokenizers {
  Tokenizer source, target;
};

struct Diagnosis {
  struct Side {
    int64_t tokens = 0, unknown = 0;
  };
  struct HeldOut {
    int64_t sources = 0, met = 0;  // different sources, and how many of them are in the training text
  };

  CorpusReport report;
  std::vector<DataError> complaints;  // reasons why train would refuse the text
  std::optional<HeldOut> valid, test;
  std::optional<Side> source, target;  // with tokenizers only

  std::vector<std::string> lines() const;
  nlohmann::ordered_json json() const;
};

// Reads all text once, held-out text first. Throws the UsageError and DataError of visit_parallel_text. Its
// complaints become part of the diagnosis.
Diagnosis diagnose(const DoctorOptions& options, const std::optional<DoctorTokenizers>& tokenizers);

}  // namespace dragoman
