// Small deterministic randomness whose result is a pure function of its seeds, on every machine. Resuming a
// run, and an order that only the seed determines, depend on it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace dragoman {

// SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
class SplitMix64 {
 public:
  explicit SplitMix64(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  // In [0, bound), without bias worth noticing (bound is far below 2^64).
  uint64_t below(uint64_t bound) { return next() % bound; }
  // In [0, 1).
  double uniform() { return (next() >> 11) * 0x1.0p-53; }

 private:
  uint64_t state_;
};

// One seed from several: mix_seeds(seed, epoch), mix_seeds(seed, update).
inline uint64_t mix_seeds(uint64_t a, uint64_t b) {
  return SplitMix64(SplitMix64(a).next() ^ (b * 0xD1342543DE82EF95u)).next();
}

// Fisher-Yates.
template <typename T>
void shuffle(std::vector<T>& items, uint64_t seed) {
  SplitMix64 random(seed);
  for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random.below(i)]);
}

// A hash of bytes that never changes between versions of this program (FNV-1a, then SplitMix64's finish): for
// held-out splits.
inline uint64_t stable_hash(std::string_view bytes) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3u;
  return SplitMix64(hash).next();
}

}  // namespace dragoman
