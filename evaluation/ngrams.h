// Counts the n-grams of a few short sequences: the words or characters of a hypothesis and its references.
//
// Equal n-grams get equal numbers, without hashing. An n-gram is a pair: the number of the (n-1)-gram that it
// begins with, and its last item. One sort of these pairs numbers the next order exactly, for every n.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace dragoman {

using ItemSequence = std::vector<uint32_t>;

class NgramCounts {
 public:
  // Starts with n = 1: the items themselves.
  explicit NgramCounts(std::vector<ItemSequence> sequences);

  void lengthen();  // n + 1

  // How often each n-gram occurs in this sequence, by its number.
  const std::vector<int32_t>& of(size_t sequence) const { return counts_[sequence]; }
  // How many n-grams this sequence has.
  int64_t total(size_t sequence) const;

 private:
  struct Occurrence {
    uint64_t key;
    uint32_t sequence, position;
  };
  void number_occurrences();

  int64_t order_ = 1;
  std::vector<ItemSequence> items_;
  std::vector<ItemSequence> numbers_;  // of the n-gram that begins here
  std::vector<std::vector<int32_t>> counts_;
  std::vector<Occurrence> occurrences_;
};

// Gives equal words equal numbers. The words must outlive it.
class WordNumbers {
 public:
  uint32_t number(std::string_view word) { return numbers_.try_emplace(word, numbers_.size()).first->second; }
  ItemSequence numbers(const std::vector<std::string_view>& words);

 private:
  std::unordered_map<std::string_view, uint32_t> numbers_;
};

}  // namespace dragoman
