// Validation pairs for somebody who has none: a few are held out of the training text.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_set>
#include <utility>

namespace dragoman {

// Which sources to hold out, found while the pairs go by.
//
// min(1000, 1 %) of the pairs, and at least one. All pairs with the same source text go to the same side, so
// that no validation sentence has been trained on. Sources are taken in the order of a hash of their text,
// which depends neither on a seed nor on the order of the corpus; a source with more pairs than are still
// wanted is passed over. So the number is exact as long as enough sources stand in few pairs; it is lower
// when they do not, and when every source has too many pairs, the one with the fewest is held out whole.
// Only the 4096 first sources in that order are remembered, and chosen from.
class HeldOutChooser {
 public:
  void add(const std::string& source);

  struct Choice {
    std::unordered_set<std::string> sources;
    int64_t pairs = 0;  // with these sources
  };
  // DataError naming `where` when there are not two different source texts.
  Choice choose(const std::string& where) const;

 private:
  std::map<std::pair<uint64_t, std::string>, int64_t> first_;  // (hash, text) -> pairs
  int64_t pairs_ = 0;
};

// How many pairs are wanted of a corpus of this size: min(1000, 1 %), at least 1.
int64_t held_out_size(int64_t pairs);

}  // namespace dragoman
