// The corpus doctor: what is wrong, or only odd, in parallel text, before anybody trains on it. Pairs are
// looked at one by one; what is remembered of them is a hash of 64 bits each.
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

// The sources of a text that must not be trained on, and which of them were met in the training text.
class HeldOutSources {
 public:
  void add(const std::string& source, const std::string& place);
  // The place of this source, or null; it counts as met from now on.
  const std::string* find(const std::string& source);
  int64_t size() const { return static_cast<int64_t>(places_.size()); }  // different sources
  int64_t met() const { return met_; }

 private:
  struct Place {
    std::string name;
    bool met = false;
  };
  std::unordered_map<uint64_t, Place> places_;
  int64_t met_ = 0;
};

// Pairs whose lengths in characters are in another proportion than is usual in the same corpus. What is usual
// is known at the end only, so pairs are counted by proportion, with the first places of each.
class LengthRatios {
 public:
  explicit LengthRatios(int64_t max_examples) : max_examples_(static_cast<size_t>(max_examples)) {}
  void add(const VisitedPair& pair);
  // Adds kUnusualRatio for what is more than `factor` away from the median; a side of fewer than 20
  // characters counts as 20.
  void report(double factor, CorpusReport& report) const;

 private:
  struct Bin {
    int64_t count = 0;
    std::vector<std::pair<int64_t, std::string>> examples;  // number of the pair, its place
  };
  std::map<int, Bin> bins_;
  int64_t pairs_ = 0;
  size_t max_examples_;
};

// Looks at pairs that were read and adds what it finds to a report: line separators, duplicates, copies,
// and sources of held-out text.
class PairExaminer {
 public:
  // Duplicates are looked for among the first `remembered` different pairs, 22 bytes each at most.
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
  CorpusOptions corpus;  // what train would drop; needs tokenizers

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
    int64_t sources = 0, met = 0;  // different sources, and how many of them stand in the training text
  };

  CorpusReport report;
  std::vector<DataError> complaints;  // why the pairs cannot be trusted: train would refuse them
  std::optional<HeldOut> valid, test;
  std::optional<Side> source, target;  // with tokenizers only

  std::vector<std::string> lines() const;  // for people
  nlohmann::ordered_json json() const;     // for programs
};

// Reads all the text once, held-out text first. UsageError and DataError as visit_parallel_text; what it
// complains about is in the diagnosis.
Diagnosis diagnose(const DoctorOptions& options, const std::optional<DoctorTokenizers>& tokenizers);

}  // namespace dragoman
