#include "evaluation/ngrams.h"

#include <algorithm>

namespace dragoman {

NgramCounts::NgramCounts(std::vector<ItemSequence> sequences)
    : items_(std::move(sequences)), numbers_(items_), counts_(items_.size()) {
  for (uint32_t s = 0; s < items_.size(); ++s) {
    for (uint32_t i = 0; i < items_[s].size(); ++i) occurrences_.push_back({items_[s][i], s, i});
  }
  number_occurrences();
}

void NgramCounts::lengthen() {
  occurrences_.clear();
  for (uint32_t s = 0; s < items_.size(); ++s) {
    for (uint32_t i = 0; i + order_ < std::ssize(items_[s]); ++i) {
      occurrences_.push_back({uint64_t{numbers_[s][i]} << 32 | items_[s][i + order_], s, i});
    }
  }
  ++order_;
  number_occurrences();
}

int64_t NgramCounts::total(size_t sequence) const {
  return std::max<int64_t>(0, std::ssize(items_[sequence]) - order_ + 1);
}

void NgramCounts::number_occurrences() {
  std::sort(occurrences_.begin(), occurrences_.end(),
            [](const Occurrence& a, const Occurrence& b) { return a.key < b.key; });
  for (auto& counts : counts_) counts.clear();
  uint32_t number = 0;
  for (size_t k = 0; k < occurrences_.size(); ++k) {
    const bool is_new = k == 0 || occurrences_[k].key != occurrences_[k - 1].key;
    if (is_new) {
      number = counts_.front().size();
      for (auto& counts : counts_) counts.push_back(0);
    }
    numbers_[occurrences_[k].sequence][occurrences_[k].position] = number;
    ++counts_[occurrences_[k].sequence][number];
  }
}

ItemSequence WordNumbers::numbers(const std::vector<std::string_view>& words) {
  ItemSequence result;
  result.reserve(words.size());
  for (const std::string_view word : words) result.push_back(number(word));
  return result;
}

}  // namespace dragoman
