// Search: from a batch of sources to their best hypotheses.
//
//   source [n,S] --> memory --> steps: logits --> candidates --> the best go on, finished sentences leave the
//   batch
#pragma once

#include <vector>

#include "decoding/cached_decoder.h"
#include "decoding/search_options.h"

namespace dragoman {

// source: [n,S] ids, padded. For each sentence its options.n_best best hypotheses, best first (fewer when
// fewer exist). beam_size 1 is greedy search.
std::vector<std::vector<Hypothesis>> search(const CachedDecoder& decoder, const torch::Tensor& source,
                                            const SearchOptions& options, const SearchLimits& limits);

// The two by themselves. They agree for a beam of one.
std::vector<std::vector<Hypothesis>> greedy_search(const CachedDecoder& decoder, const torch::Tensor& source,
                                                   const SearchOptions& options, const SearchLimits& limits);
std::vector<std::vector<Hypothesis>> beam_search(const CachedDecoder& decoder, const torch::Tensor& source,
                                                 const SearchOptions& options, const SearchLimits& limits);

// Sets to -inf what would make a group of n tokens stand in a hypothesis twice; n >= 1. logits: [rows,V],
// contiguous; hypotheses: the ids of each row so far.
void forbid_repeats(torch::Tensor& logits, const std::vector<const std::vector<int64_t>*>& hypotheses,
                    int64_t n);

}  // namespace dragoman
