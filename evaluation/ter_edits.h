// The edits that TER counts (Snover et al. 2006, "A Study of Translation Edit Rate with Targeted Human
// Annotation"): insertions, deletions, substitutions and shifts of a run of words, one each. The exact number
// is out of reach (NP-complete), so it is a greedy search, and to agree with others is to search as they do:
// the candidates, limits and ties here are those of tercom as sacreBLEU has them.
#pragma once

#include <cstdint>
#include <vector>

namespace dragoman {

// Words are given as numbers, equal for equal words.
int64_t translation_edits(const std::vector<uint32_t>& hypothesis, const std::vector<uint32_t>& reference);

}  // namespace dragoman
