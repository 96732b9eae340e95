// Greedy and beam search over sessions: what decoding/greedy.cpp and decoding/beam.cpp find, row by row
// instead of tensor by tensor. A sentence has as many rows as it has live hypotheses, so it begins with one,
// and the rows of a finished one are gone.
#pragma once

#include <vector>

#include "decoding/packed/session_ensemble.h"
#include "decoding/search_options.h"

namespace dragoman {

std::vector<std::vector<Hypothesis>> packed_search(SessionEnsemble& sessions,
                                                   const std::vector<const std::vector<int64_t>*>& sources,
                                                   const SearchOptions& options, const SearchLimits& limits);

// The log-probability of each token of each target, all of them fed to the decoder as they are.
std::vector<std::vector<double>> packed_score(SessionEnsemble& sessions,
                                              const std::vector<const std::vector<int64_t>*>& sources,
                                              const std::vector<const std::vector<int64_t>*>& targets);

}  // namespace dragoman
