// Which pairs go into which batch. Pairs of like length are put together, so that little of a batch is
// padding, and each batch is as large as the token budget allows.
//
//   shuffle pairs -> sort by (target length, source length) -> cut by the budget -> shuffle batches
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

// The same without shuffling, shortest pairs first: for validation.
BatchPlan plan_sorted(const EncodedCorpus& corpus, int64_t max_tokens);

// Rows times the longest row, source or target, whichever is larger: what max_tokens bounds.
int64_t padded_tokens(const BatchIndices& batch, const EncodedCorpus& corpus);

// The share of the positions of both sides that hold padding, 0..1.
double padding_share(const BatchPlan& plan, const EncodedCorpus& corpus);

}  // namespace dragoman
