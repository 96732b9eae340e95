// Search: from a batch of sources to their best hypotheses, and from given targets to their probabilities,
// with any decoder. Torch-free.
//
//   sources --> decoder: memory --> steps: logits --> rules --> best tokens --> rows of the next step
//
// The best hypotheses continue. The rows of finished ones leave the batch.
#pragma once

#include <vector>

#include "decoding/search_options.h"
#include "decoding/step_decoder.h"

namespace dragoman {

using SearchResults = std::vector<std::vector<Hypothesis>>;  // of each sentence, best first

// For each source (ids, </s> at the end) its options.n_best best hypotheses (fewer when fewer exist).
// beam_size 1 is greedy search; with options.sample, n_best samples.
SearchResults search(StepDecoder& decoder, const SentenceIds& sources, const SearchOptions& options,
                     const SearchLimits& limits);

// The two kinds of search. They agree for a beam of one. Sampling is greedy search with random tokens.
SearchResults greedy_search(StepDecoder& decoder, const SentenceIds& sources, const SearchOptions& options,
                            const SearchLimits& limits);
SearchResults beam_search(StepDecoder& decoder, const SentenceIds& sources, const SearchOptions& options,
                          const SearchLimits& limits);

// Forced decoding: the log-probability of each token of each target (ids, </s> at the end).
std::vector<std::vector<double>> score_targets(StepDecoder& decoder, const SentenceIds& sources,
                                               const SentenceIds& targets);

}  // namespace dragoman
