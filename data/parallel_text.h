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
  StringList pairs;           // files with a source, a tab and a target on each line; more columns are left
  // What errors call the three.
  std::array<const char*, 3> flags = {"--train-source", "--train-target", "--train-pairs"};

  bool empty() const { return source.empty() && target.empty() && pairs.empty(); }
};

// The two files that a pair came from: the same one twice for a tab-separated file.
struct FilePair {
  std::string source, target;
};

struct PairOrigin {
  int32_t file;  // index of the FilePair
  int32_t line;  // the first is 1
};

// A pair where it stands: valid UTF-8, no side blank.
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

  int64_t size() const { return static_cast<int64_t>(source.size()); }
  VisitedPair at(int64_t pair) const;
  std::string place(int64_t pair) const;  // "train.en:17"
  void append(const VisitedPair& pair);
  void clear();  // but for the names of files
};

using PairVisitor = std::function<void(const VisitedPair&)>;
// Told why the pairs of a file cannot be trusted; when it returns, the reading goes on behind that file.
using Complaint = std::function<void(const DataError&)>;

// Reads all pairs in the order of the files, one in memory at a time. UsageError when the sides differ in the
// number of files, DataError when a file cannot be read. Complaints, naming file and line: a file is not text
// (NotTextError) or ends before its partner does; more than one pair in twenty of a file has one blank side
// (then the files are probably shifted against each other) or lacks its tab; no pair is left. The report's
// `read` counts lines, `kept` the pairs visited.
void visit_parallel_text(const ParallelFiles& files, CorpusReport& report, const PairVisitor& visit,
                         const Complaint& complain);

// The same into memory, with the first complaint thrown.
TextPairs read_parallel_text(const ParallelFiles& files, CorpusReport& report);

// Text that is gone through several times. Plain files are read again each time, so that memory does not grow
// with them; what can be read only once (standard input, a pipe) is kept in memory.
class RepeatableText {
 public:
  explicit RepeatableText(ParallelFiles files);

  // As visit_parallel_text, with the first complaint thrown; DataError too when the text has another number
  // of pairs than it had the first time.
  void visit(CorpusReport& report, const PairVisitor& visit);

 private:
  ParallelFiles files_;
  bool read_once_;  // from memory_ then
  TextPairs memory_;
  CorpusReport memory_report_;
  int64_t pairs_ = -1;
};

}  // namespace dragoman
