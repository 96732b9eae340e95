// Groups sentences of similar length into batches, which keeps padding small. Torch-free.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dragoman {

// The indices of `lengths`, longest first, in batches of at most max_tokens padded positions. Sentences of
// equal length keep their order. A batch has at least one sentence.
std::vector<std::vector<size_t>> batches_by_length(const std::vector<size_t>& lengths, int64_t max_tokens);

}  // namespace dragoman
