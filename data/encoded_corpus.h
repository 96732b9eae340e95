// The encoded parallel corpus: the ids of all pairs in two flat arrays, 4 bytes per token and 16 per pair.
// The arrays are in memory, or in a temporary file if they exceed a limit.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/block_pipeline.h"
#include "core/options.h"
#include "core/spilled_bytes.h"
#include "data/corpus_report.h"
#include "data/corpus_statistics.h"
#include "data/parallel_text.h"
#include "tokenizer/word_encoder.h"

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
  // What was read of a temporary file leaves the process's memory. It may be read again, at any time.
  void release() const;
  // Made while encoding: a pass over a corpus on disk would bring all of it into memory. Empty for from_ids.
  const LengthStatistics& source_statistics() const { return source_statistics_; }
  const LengthStatistics& target_statistics() const { return target_statistics_; }

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
    void release() const;
    uint64_t bytes() const { return ids.bytes() + begin.bytes(); }
  };

  void append(std::span<const int32_t> source, std::span<const int32_t> target);

  Side source_, target_;
  LengthStatistics source_statistics_, target_statistics_;
  int64_t max_length_ = 0;
};

// Builds an EncodedCorpus from pairs that arrive one by one. Blocks of them are encoded in parallel while the
// next ones arrive. Only a few blocks per thread are in memory as text.
class CorpusEncoder {
 public:
  // A corpus above the options' corpus_memory goes to a temporary file in `folder`. "": all stays in memory.
  // The report's `kept` decreases with each pair that the options exclude.
  CorpusEncoder(const Tokenizer& source, const Tokenizer& target, const CorpusOptions& options,
                int64_t threads, CorpusReport& report, std::string folder = "");

  // DataError when the temporary file cannot be written.
  void add(const VisitedPair& pair);
  // DataError when no pair remains.
  EncodedCorpus finish();
  bool spilled() const { return spilled_; }  // a temporary file was needed

 private:
  // The ids of one side of a block, without gaps.
  struct Ids {
    std::vector<int32_t> ids;
    std::vector<size_t> ends;  // of each sentence

    std::span<const int32_t> at(size_t sentence) const;
  };
  struct Block {
    TextPairs text;
    Ids source, target;
  };
  // What a thread encodes a side with.
  struct Encoders {
    WordEncoder source, target;
  };

  void encode(Block& block, int64_t thread);
  void append(const Block& block);

  int64_t source_end_, source_unknown_, target_end_, target_unknown_;
  CorpusOptions options_;
  CorpusReport& report_;
  std::string folder_, first_place_;
  Block block_;  // that is filled
  EncodedCorpus corpus_;
  int64_t added_ = 0;
  bool spilled_ = false;
  std::vector<Encoders> encoders_;  // of each thread
  BlockPipeline<Block> pipeline_;   // the last member: its threads use the others
};

}  // namespace dragoman
