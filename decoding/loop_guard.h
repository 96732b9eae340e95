// Detects degenerate repetition. A model sometimes repeats the same words until the length limit (oscillatory
// hallucinations: Raunak et al., "The Curious Case of Hallucinations in Neural Machine Translation", NAACL
// 2021). Each of these words has a high probability, so the scores do not show it.
#pragma once

#include <cstdint>
#include <vector>

namespace dragoman {

// Whether one of these holds:
//   - a unit of up to 16 tokens occurs at least four times contiguously, with at least 16 tokens in total;
//   - there are at least 32 tokens, and fewer than half of the 4-grams are different.
bool repeats_itself(const std::vector<int64_t>& ids);

// Whether a translation is a loop: it repeats itself and its source does not, or it is longer than three
// times the source plus 30 tokens. Both are without </s>.
bool is_loop(const std::vector<int64_t>& source, const std::vector<int64_t>& translation);

// The tokens that, appended to `ids`, would complete an n-gram of `text`; n >= 1.
std::vector<int64_t> following_tokens(const std::vector<int64_t>& text, const std::vector<int64_t>& ids,
                                      int64_t n);
// The same for an n-gram of `ids` itself.
std::vector<int64_t> repeating_tokens(const std::vector<int64_t>& ids, int64_t n);

}  // namespace dragoman
