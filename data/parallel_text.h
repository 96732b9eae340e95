// A parallel corpus as text: line N of the source file is translated by line N of the target file.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/options.h"
#include "data/corpus_report.h"

namespace dragoman {

// Plain and compressed files, or "-" (standard input, once).
struct ParallelFiles {
  StringList source, target;  // source[i] goes with target[i]
  StringList pairs;  // files with a source, a tab and a target on each line; further columns are ignored
  // The flags' names in errors.
  std::array<const char*, 3> flags = {"--train-source", "--train-target", "--train-pairs"};

  bool empty() const { return source.empty() && target.empty() && pairs.empty(); }
};

// The two files of a pair. For a tab-separated file, both are that file.
struct FilePair {
  std::string source, target;
};

struct PairOrigin {
  int32_t file;  // index of the FilePair
  int32_t line;  // the first is 1
};

// A pair and its place: valid UTF-8, no side blank.
struct VisitedPair {
  const std::string &source, &target;
  const FilePair& files;
  PairOrigin origin;

  // "train.en:17"; of_target: the same line of the other file.
  std::string place(bool of_target = false) const;
};

// Pairs in memory.
struct TextPairs {
  std::vector<std::string> source, target;
  std::vector<PairOrigin> origin;  // of each pair
  std::shared_ptr<std::vector<FilePair>> files = std::make_shared<std::vector<FilePair>>();

  int64_t size() const { return source.size(); }
  VisitedPair at(int64_t pair) const;
  std::string place(int64_t pair) const;  // "train.en:17"
  void append(const VisitedPair& pair);
  void clear();  // except the names of files
};

using PairVisitor = std::function<void(const VisitedPair&)>;
// Receives the reason why the pairs of a file cannot be trusted. If it returns, reading continues with the
// next file.
using Complaint = std::function<void(const DataError&)>;

// Reads all pairs in the order of the files, with one in memory at a time. UsageError when the sides differ
// in the number of files. DataError when a file cannot be read. Complaints name file and line: a file is not
// text (NotTextError) or has fewer lines than its partner; more than one pair in twenty of a file has one
// blank side (the files are then probably misaligned) or no tab; no pair remains. The report's `read` counts
// lines, `kept` counts visited pairs.
void visit_parallel_text(const ParallelFiles& files, CorpusReport& report, const PairVisitor& visit,
                         const Complaint& complain);

// The same, but collects the pairs in memory and throws the first complaint.
TextPairs read_parallel_text(const ParallelFiles& files, CorpusReport& report);

// Text that is read several times. Plain files are read again each time, which saves memory. Text that can be
// read only once (standard input, a pipe) is kept in memory.
class RepeatableText {
 public:
  explicit RepeatableText(ParallelFiles files);

  // As visit_parallel_text, but throws the first complaint. Also DataError when the number of pairs differs
  // from the first time.
  void visit(CorpusReport& report, const PairVisitor& visit);

 private:
  ParallelFiles files_;
  bool read_once_;  // the pairs are then in memory_
  TextPairs memory_;
  CorpusReport memory_report_;
  int64_t pairs_ = -1;
};

}  // namespace dragoman
