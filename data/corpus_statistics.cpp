#include "data/corpus_statistics.h"

#include <algorithm>
#include <cmath>

namespace dragoman {

double LengthStatistics::mean() const {
  return sentences == 0 ? 0 : 1.0 * tokens / sentences;
}

int64_t LengthStatistics::quantile(double q) const {
  const int64_t wanted = std::ceil(q * sentences);
  int64_t seen = 0;
  for (int64_t length = 0; length < std::ssize(counts); ++length) {
    seen += counts[length];
    if (seen > 0 && seen >= wanted) return length;
  }
  return 0;
}

double LengthStatistics::unknown_rate() const {
  const int64_t without_ends = tokens - sentences;
  return without_ends == 0 ? 0 : 1.0 * unknown / without_ends;
}

void LengthStatistics::add(std::span<const int32_t> sentence, int32_t unknown_id) {
  if (counts.size() <= sentence.size()) counts.resize(sentence.size() + 1);
  ++counts[sentence.size()];
  ++sentences;
  tokens += sentence.size();
  unknown += std::count(sentence.begin(), sentence.end(), unknown_id);
}

}  // namespace dragoman
