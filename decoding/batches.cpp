#include "decoding/batches.h"

#include <algorithm>
#include <numeric>

namespace dragoman {
namespace {

// The maximum number of sentences per batch. Each beam of each sentence has a row of V logits, and larger
// batches are not faster.
constexpr size_t kMaxSentences = 64;

}  // namespace

std::vector<std::vector<size_t>> batches_by_length(const std::vector<size_t>& lengths, int64_t max_tokens) {
  std::vector<size_t> order(lengths.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return lengths[a] > lengths[b]; });
  std::vector<std::vector<size_t>> batches;
  for (auto begin = order.begin(); begin != order.end();) {
    const size_t fit = max_tokens / std::max<size_t>(1, lengths[*begin]);
    const size_t rows = std::min<size_t>(std::clamp<size_t>(fit, 1, kMaxSentences), order.end() - begin);
    batches.emplace_back(begin, begin + rows);
    begin += rows;
  }
  return batches;
}

}  // namespace dragoman
