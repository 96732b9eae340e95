// The parallel corpus as numbers: the ids of all pairs in two flat arrays, 4 bytes a token.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/options.h"
#include "data/corpus_report.h"
#include "data/parallel_text.h"
#include "tokenizer/tokenizer.h"

namespace dragoman {

struct CorpusOptions {
  int64_t max_train_length = 256;  // tokens of a side, </s> included; 0 for no limit
  double max_length_ratio = 9;     // tokens of the longer side by those of the shorter; 0 for no limit

  OptionList describe();
};

// Why a pair of these lengths, </s> included, is left out, if it is.
std::optional<CorpusIssue> length_issue(int64_t source_length, int64_t target_length,
                                        const CorpusOptions& options);

class EncodedCorpus {
 public:
  // Encodes on up to `threads` threads; the result does not depend on their number. Pairs that the options
  // exclude are dropped and noted in the report, whose `kept` is brought up to date. DataError when none is
  // left.
  static EncodedCorpus encode(const TextPairs& pairs, const Tokenizer& source_tokenizer,
                              const Tokenizer& target_tokenizer, const CorpusOptions& options,
                              int64_t threads, CorpusReport& report);
  // From ids that end with </s> already: for tests and benchmarks.
  static EncodedCorpus from_ids(const std::vector<std::vector<int32_t>>& source,
                                const std::vector<std::vector<int32_t>>& target);

  int64_t size() const { return static_cast<int64_t>(index_.size()); }

  // The ids of a pair's sides; each ends with </s>. The source has its language code in front if it has one.
  std::span<const int32_t> source(int64_t pair) const { return source_.at(pair); }
  std::span<const int32_t> target(int64_t pair) const { return target_.at(pair); }
  int64_t source_length(int64_t pair) const { return source_.length(pair); }
  int64_t target_length(int64_t pair) const { return target_.length(pair); }
  int64_t source_tokens() const { return static_cast<int64_t>(source_.ids.size()); }
  int64_t target_tokens() const { return static_cast<int64_t>(target_.ids.size()); }

  // Where this pair stood in the TextPairs that it was encoded from.
  int64_t text_index(int64_t pair) const { return index_[static_cast<size_t>(pair)]; }

 private:
  struct Side {
    std::vector<int32_t> ids;
    std::vector<uint64_t> begin{0};  // of each pair, and the end of the last

    int64_t length(int64_t pair) const {
      return static_cast<int64_t>(begin[static_cast<size_t>(pair) + 1] - begin[static_cast<size_t>(pair)]);
    }
    std::span<const int32_t> at(int64_t pair) const {
      return {ids.data() + begin[static_cast<size_t>(pair)], static_cast<size_t>(length(pair))};
    }
    void append(std::span<const int32_t> sentence);
  };

  void append(int64_t text_index, std::span<const int32_t> source, std::span<const int32_t> target);

  Side source_, target_;
  std::vector<int64_t> index_;
};

}  // namespace dragoman
