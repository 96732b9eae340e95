// The encoded parallel corpus: the ids of all pairs in two flat arrays, 4 bytes per token and 16 per pair.
// The arrays are in memory, or in a temporary file if they exceed a limit.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/options.h"
#include "core/spilled_bytes.h"
#include "data/corpus_report.h"
#include "data/parallel_text.h"
#include "tokenizer/tokenizer.h"

namespace dragoman {

struct CorpusOptions {
  int64_t max_train_length = 256;  // tokens of a side, </s> included; 0 for no limit
  double max_length_ratio = 9;     // tokens of the longer side / of the shorter side; 0 for no limit
  int64_t corpus_memory = 1024;    // MiB of encoded text in memory; a larger text goes to a temporary file

  OptionList describe();
};

// Why a pair of these lengths, </s> included, is dropped, or nullopt. A side with only </s> is blank: the
// tokenizer's normalisation removed all its text.
std::optional<CorpusIssue> pair_issue(int64_t source_length, int64_t target_length,
                                      const CorpusOptions& options);

class EncodedCorpus {
 public:
  // Encodes on up to `threads` threads. The result does not depend on their number. Pairs that the options
  // exclude are dropped and added to the report, whose `kept` decreases. DataError when no pair remains.
  static EncodedCorpus encode(const TextPairs& pairs, const Tokenizer& source_tokenizer,
                              const Tokenizer& target_tokenizer, const CorpusOptions& options,
                              int64_t threads, CorpusReport& report);
  // From ids that already end with </s>. For tests and benchmarks.
  static EncodedCorpus from_ids(const std::vector<std::vector<int32_t>>& source,
                                const std::vector<std::vector<int32_t>>& target);

  int64_t size() const { return source_.begin.size() - 1; }

  // The ids of a pair's sides. Each ends with </s>. The source begins with its language code if it has one.
  std::span<const int32_t> source(int64_t pair) const { return source_.at(pair); }
  std::span<const int32_t> target(int64_t pair) const { return target_.at(pair); }
  int64_t source_length(int64_t pair) const { return source_.length(pair); }
  int64_t target_length(int64_t pair) const { return target_.length(pair); }
  int64_t source_tokens() const { return source_.ids.size(); }
  int64_t target_tokens() const { return target_.ids.size(); }
  int64_t max_length() const { return max_length_; }  // the limit of a side; 0: no limit

 private:
  friend class CorpusEncoder;

  struct Side {
    SpilledArray<int32_t> ids;
    SpilledArray<uint64_t> begin;  // of each pair, and the end of the last

    Side() { begin.append(0); }
    int64_t length(int64_t pair) const { return begin[pair + 1] - begin[pair]; }
    std::span<const int32_t> at(int64_t pair) const {
      return {ids.data() + begin[pair], ids.data() + begin[pair + 1]};
    }
    void append(std::span<const int32_t> sentence);
    void spill(const std::string& folder);
    void seal();
    uint64_t bytes() const { return ids.bytes() + begin.bytes(); }
  };

  void append(std::span<const int32_t> source, std::span<const int32_t> target);

  Side source_, target_;
  int64_t max_length_ = 0;
};

// Builds an EncodedCorpus from pairs that arrive one by one. Only one block of them is in memory as text.
class CorpusEncoder {
 public:
  // A corpus above the options' corpus_memory goes to a temporary file in `folder`. "": all stays in memory.
  // The report's `kept` decreases with each pair that the options exclude. The tokenizers must outlive the
  // encoder.
  CorpusEncoder(const Tokenizer& source, const Tokenizer& target, const CorpusOptions& options,
                int64_t threads, CorpusReport& report, std::string folder = "");

  // DataError when the temporary file cannot be written.
  void add(const VisitedPair& pair);
  // DataError when no pair remains.
  EncodedCorpus finish();
  bool spilled() const { return spilled_; }  // a temporary file was needed

 private:
  void encode_block();

  const Tokenizer &source_, &target_;
  CorpusOptions options_;
  int64_t threads_;
  CorpusReport& report_;
  std::string folder_, first_place_;
  TextPairs block_;  // a part of the text
  EncodedCorpus corpus_;
  int64_t added_ = 0;
  bool spilled_ = false;
};

}  // namespace dragoman
