// Which pairs go into which batch. Pairs of like length are put together, so that little of a batch is
// padding, and each batch is as large as the token budget allows.
//
//   shuffle pairs -> sort by (target length, source length) -> cut by the budget -> shuffle batches
//
// A corpus of more than `kWindow` pairs is planned window by window, so that memory does not grow with it:
// blocks of pairs that stand together are shuffled, and each window takes the next blocks. A pass then reads
// the corpus from the disk in large pieces.
#pragma once

#include <cstdint>
#include <vector>

#include "data/encoded_corpus.h"

namespace dragoman {

// Indices of pairs.
using BatchIndices = std::vector<int64_t>;
using BatchPlan = std::vector<BatchIndices>;

// The batches of one pass over the corpus; every pair is in exactly one. `max_tokens` bounds the larger of
// the padded source and the padded target, rows times the longest row (fairseq's meaning); a pair that is
// longer by itself is a batch of its own. A pure function of the corpus' lengths and the other arguments.
BatchPlan plan_epoch(const EncodedCorpus& corpus, int64_t max_tokens, uint64_t seed, int64_t epoch);

// The plan of one pass, a window at a time; all windows together are plan_epoch().
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
  std::vector<int64_t> blocks_;  // in the order of this pass; empty when one window holds all
};

// The same without shuffling, shortest pairs first: for validation.
BatchPlan plan_sorted(const EncodedCorpus& corpus, int64_t max_tokens);

// Rows times the longest row, source or target, whichever is larger: what max_tokens bounds.
int64_t padded_tokens(const BatchIndices& batch, const EncodedCorpus& corpus);

// The share of the positions of both sides that hold padding, 0..1.
double padding_share(const BatchPlan& plan, const EncodedCorpus& corpus);

// Where in the data a run stands: the next batch to be trained on.
struct DataPosition {
  int64_t epoch = 0;  // passes over the corpus that are complete
  int64_t batch = 0;  // of the present epoch's plan
};

}  // namespace dragoman
