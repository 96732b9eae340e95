// The edits that TER counts (Snover et al. 2006, "A Study of Translation Edit Rate with Targeted Human
// Annotation"): insertions, deletions, substitutions, and shifts of a run of words. Each counts as one edit.
// The exact minimum is NP-complete, so the search is greedy. Its candidates, limits and tie-breaking are
// those of tercom in sacreBLEU, which gives the same counts.
#pragma once

#include <cstdint>
#include <vector>

namespace dragoman {

// Words are given as numbers, equal for equal words.
int64_t translation_edits(const std::vector<uint32_t>& hypothesis, const std::vector<uint32_t>& reference);

}  // namespace dragoman
