// The numbers that numpy's default_rng(seed) draws, one by one: sacreBLEU resamples with them, and so the
// same seed gives the same confidence intervals and p-values here as there.
//
// PCG64 is O'Neill 2014, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms for
// Random Number Generation" (XSL-RR, 128 bits of state); its seeding is numpy's SeedSequence; numbers below a
// bound are Lemire 2019, "Fast Random Integer Generation in an Interval".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace dragoman {

class NumpyRandom {
 public:
  explicit NumpyRandom(uint64_t seed);

  uint32_t next32();
  uint32_t below(uint32_t bound);  // integers(bound); 0 < bound
  bool coin();                     // integers(2, dtype=bool); one array's: nothing else may be drawn between

 private:
  __extension__ using Wide = unsigned __int128;

  uint64_t next64();

  Wide state_ = 0, increment_ = 0;
  bool has_half_ = false;
  uint32_t half_ = 0;  // the upper half of the last 64 bits, when has_half_
  uint32_t coins_ = 0;
  int coins_left_ = 0;
};

// numpy.random.SeedSequence(seed).generate_state(4, numpy.uint64)
std::array<uint64_t, 4> numpy_seed_sequence(uint64_t seed);

}  // namespace dragoman
