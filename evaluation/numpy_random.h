// The random numbers of numpy's default_rng(seed), in order. sacreBLEU resamples with them, so the same seed
// gives the same confidence intervals and p-values here and there.
//
// The generator is PCG64 with XSL-RR and 128 bits of state (O'Neill 2014, "PCG: A Family of Simple Fast
// Space-Efficient Statistically Good Algorithms for Random Number Generation"). The seeding is numpy's
// SeedSequence. Numbers below a bound follow Lemire 2019, "Fast Random Integer Generation in an Interval".
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
  // One element of integers(2, size, dtype=bool). Make no other call between the elements of one array.
  bool coin();

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
