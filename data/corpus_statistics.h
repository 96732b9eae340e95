// Statistics of one side of the encoded corpus: sentence lengths and the share of unknown tokens.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace dragoman {

struct LengthStatistics {
  std::vector<int64_t> counts;  // counts[n]: sentences of n tokens, </s> included
  int64_t sentences = 0;
  int64_t tokens = 0;   // </s> included
  int64_t unknown = 0;  // <unk> among them

  double mean() const;               // 0 without sentences
  int64_t quantile(double q) const;  // the length that a share q of the sentences does not exceed
  double unknown_rate() const;       // of all tokens except </s>

  void add(std::span<const int32_t> sentence, int32_t unknown_id);
};

}  // namespace dragoman
