#include "data/corpus_statistics.h"

#include <algorithm>
#include <cmath>

namespace dragoman {

double LengthStatistics::mean() const {
  return sentences == 0 ? 0 : static_cast<double>(tokens) / static_cast<double>(sentences);
}

int64_t LengthStatistics::quantile(double q) const {
  const auto wanted = static_cast<int64_t>(std::ceil(q * static_cast<double>(sentences)));
  int64_t seen = 0;
  for (size_t length = 0; length < counts.size(); ++length) {
    seen += counts[length];
    if (seen > 0 && seen >= wanted) return static_cast<int64_t>(length);
  }
  return 0;
}

double LengthStatistics::unknown_rate() const {
  const int64_t without_ends = tokens - sentences;
  return without_ends == 0 ? 0 : static_cast<double>(unknown) / static_cast<double>(without_ends);
}

void LengthStatistics::add(std::span<const int32_t> sentence, int32_t unknown_id) {
  if (counts.size() <= sentence.size()) counts.resize(sentence.size() + 1);
  ++counts[sentence.size()];
  ++sentences;
  tokens += static_cast<int64_t>(sentence.size());
  unknown += std::count(sentence.begin(), sentence.end(), unknown_id);
}

LengthStatistics source_statistics(const EncodedCorpus& corpus, int64_t unknown_id) {
  LengthStatistics statistics;
  for (int64_t i = 0; i < corpus.size(); ++i)
    statistics.add(corpus.source(i), static_cast<int32_t>(unknown_id));
  return statistics;
}

LengthStatistics target_statistics(const EncodedCorpus& corpus, int64_t unknown_id) {
  LengthStatistics statistics;
  for (int64_t i = 0; i < corpus.size(); ++i)
    statistics.add(corpus.target(i), static_cast<int32_t>(unknown_id));
  return statistics;
}

}  // namespace dragoman
