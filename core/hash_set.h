// A set of 64-bit hashes in one flat array, 11 to 22 bytes per hash: remembers which of millions of lines
// have occurred. Two of 100 million lines have the same hash with a probability of 1 in 4000.
#pragma once

#include <cstdint>
#include <vector>

namespace dragoman {

class HashSet {
 public:
  // False when the set already contained the hash.
  bool insert(uint64_t hash) {
    if (hash == 0) hash = 1;  // 0 marks a free place
    if (4 * (count_ + 1) > 3 * places_.size()) grow();
    uint64_t& place = place_of(hash);
    if (place == hash) return false;
    place = hash;
    ++count_;
    return true;
  }
  uint64_t size() const { return count_; }

 private:
  // Where the hash is, or would be: linear probing.
  uint64_t& place_of(uint64_t hash) {
    const uint64_t mask = places_.size() - 1;
    uint64_t at = hash & mask;
    while (places_[at] != 0 && places_[at] != hash) at = (at + 1) & mask;
    return places_[at];
  }

  void grow() {
    std::vector<uint64_t> before(places_.empty() ? 1024 : 2 * places_.size());
    before.swap(places_);
    for (const uint64_t hash : before) {
      if (hash != 0) place_of(hash) = hash;
    }
  }

  std::vector<uint64_t> places_;  // a power of two of them
  uint64_t count_ = 0;
};

}  // namespace dragoman
