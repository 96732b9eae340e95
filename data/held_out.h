// Validation pairs for a user who has none: some are held out of the training text.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_set>
#include <utility>

namespace dragoman {

// Chooses the sources to hold out in one pass over the pairs.
//
// The target is min(1000, 1 %) of the pairs, and at least one. All pairs with the same source text go to the
// same side, so no validation sentence is trained on. Sources are taken in the order of a hash of their text,
// which depends neither on a seed nor on the order of the corpus. A source with more pairs than are still
// needed is skipped. The number is therefore exact if enough sources have few pairs, and lower otherwise. If
// every source has too many pairs, the one with the fewest is held out. Only the first 4096 sources in that
// order are remembered.
class HeldOutChooser {
 public:
  void add(const std::string& source);

  struct Choice {
    std::unordered_set<std::string> sources;
    int64_t pairs = 0;  // with these sources
  };
  // DataError naming `where` when there are fewer than two different source texts.
  Choice choose(const std::string& where) const;

 private:
  std::map<std::pair<uint64_t, std::string>, int64_t> first_;  // (hash, text) -> pairs
  int64_t pairs_ = 0;
};

// The number of pairs to hold out of a corpus of this size: min(1000, 1 %), at least 1.
int64_t held_out_size(int64_t pairs);

}  // namespace dragoman
