// Notices translations that turn in circles. A model that has lost its thread says the same words again and
// again (oscillatory hallucinations: Raunak et al., "The Curious Case of Hallucinations in Neural Machine
// Translation", NAACL 2021), until the length limit ends it; each such word has a high probability, so that
// scores tell nothing.
#pragma once

#include <cstdint>
#include <vector>

namespace dragoman {

// One of these holds:
//   - up to 16 tokens stand there four times or more one behind the other, 16 tokens in all at least;
//   - of 32 tokens or more, fewer than half of the groups of four are different.
bool repeats_itself(const std::vector<int64_t>& ids);

// Whether a translation is a loop: it repeats itself and its source does not, or it is longer than three
// times the source and 30 tokens more. Both without </s>.
bool is_loop(const std::vector<int64_t>& source, const std::vector<int64_t>& translation);

// The tokens which, put behind `ids`, would make a group of n tokens that stands in `text`; n >= 1.
std::vector<int64_t> following_tokens(const std::vector<int64_t>& text, const std::vector<int64_t>& ids,
                                      int64_t n);
// The same for a group that stands in `ids` already.
std::vector<int64_t> repeating_tokens(const std::vector<int64_t>& ids, int64_t n);

}  // namespace dragoman
