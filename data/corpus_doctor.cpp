#include "data/corpus_doctor.h"

#include <algorithm>
#include <cmath>

#include "core/json.h"
#include "core/log.h"
#include "core/random.h"

namespace dragoman {
namespace {

// The length ratio of short sides means nothing.
constexpr int64_t kShortSide = 20;
constexpr double kBinsPerUnit = 20;  // of the logarithm of the ratio: a bin is 5 % wide

int64_t characters(const std::string& text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

// Whether a line contains a character at which Python's splitlines() and other programs end a line.
bool has_line_separator(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r' || c == '\v' || c == '\f' || (c >= '\x1C' && c <= '\x1E')) return true;
    if (c != '\xC2' && c != '\xE2') continue;
    if (text.substr(i, 2) == "\xC2\x85" || text.substr(i, 3) == "\xE2\x80\xA8" ||
        text.substr(i, 3) == "\xE2\x80\xA9")
      return true;
  }
  return false;
}

std::string share_text(int64_t part, int64_t whole) {
  return with_commas(part) + " of " + with_commas(whole) +
         (whole > 0 ? " (" + fixed(100.0 * part / whole, 2) + " %)" : "");
}

// Counts unknown tokens and the pairs that train would drop.
class TokenExaminer {
 public:
  TokenExaminer(const DoctorTokenizers& tokenizers, const CorpusOptions& options, Diagnosis& diagnosis)
      : tokenizers_(tokenizers), options_(options), diagnosis_(diagnosis) {
    diagnosis.source = Diagnosis::Side();
    diagnosis.target = Diagnosis::Side();
  }

  void examine(const VisitedPair& pair) {
    const auto source = tokenizers_.source.encode_source(pair.source);
    const auto target = tokenizers_.target.encode(pair.target);
    count(source, tokenizers_.source, *diagnosis_.source, pair.place());
    count(target, tokenizers_.target, *diagnosis_.target, pair.place(true));
    const auto issue = pair_issue(std::ssize(source) + 1, std::ssize(target) + 1, options_);
    if (!issue) return;
    diagnosis_.report.add(*issue, pair.place());
    --diagnosis_.report.kept;
  }

 private:
  void count(const std::vector<int64_t>& ids, const Tokenizer& tokenizer, Diagnosis::Side& side,
             const std::string& place) {
    const int64_t unknown = std::count(ids.begin(), ids.end(), tokenizer.vocabulary().unk_id());
    side.tokens += ids.size();
    side.unknown += unknown;
    if (unknown > 0) diagnosis_.report.add(CorpusIssue::kUnknownCharacters, place);
  }

  const DoctorTokenizers& tokenizers_;
  const CorpusOptions& options_;
  Diagnosis& diagnosis_;
};

HeldOutSources read_held_out(const ParallelFiles& files, const Complaint& complain) {
  HeldOutSources sources;
  CorpusReport unused;
  visit_parallel_text(
      files, unused, [&](const VisitedPair& pair) { sources.add(pair.source, pair.place()); }, complain);
  return sources;
}

nlohmann::ordered_json side_json(const Diagnosis::Side& side) {
  return {{"tokens", side.tokens}, {"unknown", side.unknown}};
}
nlohmann::ordered_json held_out_json(const Diagnosis::HeldOut& text) {
  return {{"sources", text.sources}, {"in_training", text.met}};
}

OptionList text_options(DoctorOptions& o) {
  return grouped(
      "Text",
      {
          option(o.text.source, "source", "F",
                 "parallel text, source side; several files by commas or repeated flags; files may be "
                 "compressed (.gz, .xz, .zst, .bz2)")
              .alias("train-source"),
          option(o.text.target, "target", "F", "target side: line N translates line N").alias("train-target"),
          option(o.text.pairs, "pairs", "F", "text with a source, a tab and a target on each line")
              .alias("train-pairs"),
          option(o.valid.source, "valid-source", "F",
                 "validation text, whose sources should not be in the text above"),
          option(o.valid.target, "valid-target", "F", "validation text, target side"),
          option(o.valid.pairs, "valid-pairs", "F", "validation text, tab-separated"),
          option(o.test.source, "test-source", "F", "the same for a test text"),
          option(o.test.target, "test-target", "F", "test text, target side"),
          option(o.test.pairs, "test-pairs", "F", "test text, tab-separated"),
      });
}

}  // namespace

void HeldOutSources::add(const std::string& source, const std::string& place) {
  places_.try_emplace(stable_hash(source), Place{place});
}

const std::string* HeldOutSources::find(const std::string& source) {
  const auto found = places_.find(stable_hash(source));
  if (found == places_.end()) return nullptr;
  met_ += !found->second.met;
  found->second.met = true;
  return &found->second.name;
}

void LengthRatios::add(const VisitedPair& pair) {
  const auto length = [](const std::string& text) -> double {
    return std::max(characters(text), kShortSide);
  };
  const double logarithm = std::log(length(pair.target) / length(pair.source));
  Bin& bin = bins_[std::lround(logarithm * kBinsPerUnit)];
  ++bin.count;
  if (std::ssize(bin.examples) < max_examples_) bin.examples.emplace_back(pairs_, pair.place());
  ++pairs_;
}

void LengthRatios::report(double factor, CorpusReport& report) const {
  int64_t below = 0;
  int median = 0;
  for (const auto& [index, bin] : bins_) {
    median = index;
    if (2 * (below += bin.count) >= pairs_) break;
  }
  int64_t count = 0;
  std::vector<std::pair<int64_t, std::string>> examples;
  for (const auto& [index, bin] : bins_) {
    if (std::abs(index - median) <= std::log(factor) * kBinsPerUnit) continue;
    count += bin.count;
    examples.insert(examples.end(), bin.examples.begin(), bin.examples.end());
  }
  std::sort(examples.begin(), examples.end());
  std::vector<std::string> places;
  for (const auto& example : examples) places.push_back(example.second);
  report.add(CorpusIssue::kUnusualRatio, count, places);
}

void PairExaminer::examine(const VisitedPair& pair) {
  if (has_line_separator(pair.source)) report_.add(CorpusIssue::kLineSeparator, pair.place());
  if (has_line_separator(pair.target)) report_.add(CorpusIssue::kLineSeparator, pair.place(true));
  if (pairs_.size() < remembered_ &&
      !pairs_.insert(mix_seeds(stable_hash(pair.source), stable_hash(pair.target))))
    report_.add(CorpusIssue::kDuplicate, pair.place());
  if (pair.source == pair.target) report_.add(CorpusIssue::kCopy, pair.place());
  for (const auto& [issue, text] : held_out_) {
    if (const std::string* place = text->find(pair.source)) report_.add(issue, pair.place() + " = " + *place);
  }
}

OptionList DoctorOptions::describe() {
  return text_options(*this) +
         grouped("Findings",
                 {
                     option(max_examples, "max-examples", "N", "maximum number of examples per finding")
                         .at_least(0)
                         .at_most(1'000'000),
                     option(length_ratio, "length-ratio", "X",
                            "report pairs whose length ratio in characters differs from the usual one of "
                            "the text by more than this factor (a side of fewer than 20 characters counts "
                            "as 20)")
                         .more_than(1),
                 }) +
         corpus.describe();
}

Diagnosis diagnose(const DoctorOptions& options, const std::optional<DoctorTokenizers>& tokenizers) {
  Diagnosis result;
  result.report = CorpusReport(options.max_examples);
  const Complaint complain = [&](const DataError& error) { result.complaints.push_back(error); };
  HeldOutSources valid, test;
  PairExaminer pairs(result.report);
  if (!options.valid.empty()) {
    valid = read_held_out(options.valid, complain);
    pairs.hold_out(CorpusIssue::kInValidation, valid);
  }
  if (!options.test.empty()) {
    test = read_held_out(options.test, complain);
    pairs.hold_out(CorpusIssue::kInTest, test);
  }
  LengthRatios ratios(options.max_examples);
  std::optional<TokenExaminer> tokens;
  if (tokenizers) tokens.emplace(*tokenizers, options.corpus, result);
  visit_parallel_text(
      options.text, result.report,
      [&](const VisitedPair& pair) {
        pairs.examine(pair);
        ratios.add(pair);
        if (tokens) tokens->examine(pair);
      },
      complain);
  ratios.report(options.length_ratio, result.report);
  if (!options.valid.empty()) result.valid = {valid.size(), valid.met()};
  if (!options.test.empty()) result.test = {test.size(), test.met()};
  return result;
}

std::vector<std::string> Diagnosis::lines() const {
  std::vector<std::string> result = report.lines();
  const auto overlap = [&](const std::optional<HeldOut>& text, const std::string& name) {
    if (text)
      result.push_back(name + " sources that are also in this text: " + share_text(text->met, text->sources));
  };
  const auto unknown = [&](const std::optional<Side>& side, const std::string& name) {
    if (side) result.push_back("unknown " + name + " tokens: " + share_text(side->unknown, side->tokens));
  };
  overlap(valid, "validation");
  overlap(test, "test");
  unknown(source, "source");
  unknown(target, "target");
  for (const auto& complaint : complaints)
    result.push_back(std::string("cannot be trusted: ") + complaint.what());
  if (complaints.empty()) result.emplace_back("nothing that train would refuse");
  return result;
}

nlohmann::ordered_json Diagnosis::json() const {
  nlohmann::ordered_json why = nlohmann::ordered_json::array();
  for (const auto& complaint : complaints) why.push_back(complaint.what());
  nlohmann::ordered_json result = {{"read", report.read},
                                   {"kept", report.kept},
                                   {"trustworthy", complaints.empty()},
                                   {"complaints", why},
                                   {"findings", report.findings_json()}};
  if (valid) result["validation"] = held_out_json(*valid);
  if (test) result["test"] = held_out_json(*test);
  if (source) result["source"] = side_json(*source);
  if (target) result["target"] = side_json(*target);
  return result;
}

}  // namespace dragoman
