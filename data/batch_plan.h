// Assigns pairs to batches. A batch has pairs of similar length, which keeps padding small, and is as large
// as the token budget allows.
//
//   shuffle pairs -> sort by (target length, source length) -> cut by the budget -> shuffle batches
//
// A corpus of more than `kWindow` pairs is planned window by window, which bounds the memory. Blocks of
// consecutive pairs are shuffled, and each window takes the next blocks. An epoch then reads the corpus from
// the disk in large blocks.
#pragma once

#include <cstdint>
#include <vector>

#include "data/encoded_corpus.h"

namespace dragoman {

// Indices of pairs.
using BatchIndices = std::vector<int64_t>;
using BatchPlan = std::vector<BatchIndices>;

// The batches of one epoch. Every pair is in exactly one batch. `max_tokens` bounds the larger of the padded
// source and the padded target: rows times the longest row, as in fairseq. A longer pair is a batch of its
// own. A pure function of the corpus's lengths and the other arguments.
BatchPlan plan_epoch(const EncodedCorpus& corpus, int64_t max_tokens, uint64_t seed, int64_t epoch);

// The plan of one epoch, one window at a time. All windows together are plan_epoch().
class EpochPlan {
 public:
  static constexpr int64_t kWindow = int64_t{1} << 20, kBlock = int64_t{1} << 14;  // pairs

  EpochPlan(const EncodedCorpus& corpus, int64_t max_tokens, uint64_t seed, int64_t epoch,
            int64_t window = kWindow, int64_t block = kBlock);

  int64_t windows() const;
  BatchPlan window(int64_t number) const;

 private:
  const EncodedCorpus& corpus_;
  int64_t max_tokens_, window_, block_;
  uint64_t seed_;
  std::vector<int64_t> blocks_;  // in the order of this epoch; empty if there is only one window
};

// The same without shuffling, shortest pairs first. For validation.
BatchPlan plan_sorted(const EncodedCorpus& corpus, int64_t max_tokens);

// The quantity that max_tokens bounds: rows times the longest row of either side.
int64_t padded_tokens(const BatchIndices& batch, const EncodedCorpus& corpus);

// The share of padding in the positions of both sides, 0..1.
double padding_share(const BatchPlan& plan, const EncodedCorpus& corpus);

// The position of a run in the data: the next batch.
struct DataPosition {
  int64_t epoch = 0;  // completed epochs
  int64_t batch = 0;  // in the current epoch's plan
};

}  // namespace dragoman
