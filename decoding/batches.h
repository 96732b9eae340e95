// Which sentences are computed together: neighbours in length, so that little is padding; torch-free.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dragoman {

// The places of `lengths`, longest first, of equals in their order, in batches of at most max_tokens padded
// positions; one sentence at least.
std::vector<std::vector<size_t>> batches_by_length(const std::vector<size_t>& lengths, int64_t max_tokens);

}  // namespace dragoman
