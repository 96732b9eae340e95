// Search: from a batch of sources to their best hypotheses.
//
//   source [n,S] --> memory --> steps: logits --> candidates --> the best go on, finished sentences leave the
//   batch
#pragma once

#include <vector>

#include "decoding/decoder_ensemble.h"
#include "decoding/search_options.h"

namespace dragoman {

// source: [n,S] ids, padded. For each sentence its options.n_best best hypotheses, best first (fewer when
// fewer exist). beam_size 1 is greedy search; with options.sample, n_best draws.
std::vector<std::vector<Hypothesis>> search(const DecoderEnsemble& decoder, const torch::Tensor& source,
                                            const SearchOptions& options, const SearchLimits& limits);

// The two by themselves. They agree for a beam of one. Sampling is greedy search that draws.
std::vector<std::vector<Hypothesis>> greedy_search(const DecoderEnsemble& decoder,
                                                   const torch::Tensor& source, const SearchOptions& options,
                                                   const SearchLimits& limits);
std::vector<std::vector<Hypothesis>> beam_search(const DecoderEnsemble& decoder, const torch::Tensor& source,
                                                 const SearchOptions& options, const SearchLimits& limits);

struct HypothesisSoFar {
  const std::vector<int64_t>* ids;
  size_t sentence;
};

// decoding/next_token.h for all rows. logits: [rows,V] float32; they go to the CPU and back only when there
// are rules.
void apply_rules(torch::Tensor& logits, const std::vector<HypothesisSoFar>& hypotheses,
                 const SearchOptions& options, const SearchLimits& limits);

}  // namespace dragoman
