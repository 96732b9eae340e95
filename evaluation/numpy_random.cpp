#include "evaluation/numpy_random.h"

namespace dragoman {
namespace {

// One of the two hashes of SeedSequence: what comes in is mixed with a constant that changes at each call.
class WordHash {
 public:
  WordHash(uint32_t constant, uint32_t multiplier) : constant_(constant), multiplier_(multiplier) {}
  uint32_t operator()(uint32_t word) {
    word ^= constant_;
    constant_ *= multiplier_;
    word *= constant_;
    return word ^ (word >> 16);
  }

 private:
  uint32_t constant_, multiplier_;
};

uint32_t mixed(uint32_t a, uint32_t b) {
  const uint32_t result = 0xCA01F9DDu * a - 0x4973F715u * b;
  return result ^ (result >> 16);
}

}  // namespace

std::array<uint64_t, 4> numpy_seed_sequence(uint64_t seed) {
  std::array<uint32_t, 4> pool{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32), 0, 0};
  WordHash into(0x43B0D7E5u, 0x931E8875u);
  for (auto& word : pool) word = into(word);
  for (size_t from = 0; from < pool.size(); ++from) {
    for (size_t to = 0; to < pool.size(); ++to) {
      if (from != to) pool[to] = mixed(pool[to], into(pool[from]));
    }
  }
  WordHash out_of(0x8B51F9DDu, 0x58F38DEDu);
  std::array<uint64_t, 4> state{};
  for (size_t i = 0; i < 2 * state.size(); ++i)
    state[i / 2] |= static_cast<uint64_t>(out_of(pool[i % pool.size()])) << (32 * (i % 2));
  return state;
}

NumpyRandom::NumpyRandom(uint64_t seed) {
  const auto words = numpy_seed_sequence(seed);
  increment_ = ((static_cast<Wide>(words[2]) << 64 | words[3]) << 1) | 1;
  next64();
  state_ += static_cast<Wide>(words[0]) << 64 | words[1];
  next64();
}

uint64_t NumpyRandom::next64() {
  constexpr Wide kMultiplier = static_cast<Wide>(0x2360ED051FC65DA4u) << 64 | 0x4385DF649FCCF645u;
  state_ = state_ * kMultiplier + increment_;
  const auto folded = static_cast<uint64_t>(state_ >> 64) ^ static_cast<uint64_t>(state_);
  const auto turn = static_cast<int>(state_ >> 122);
  return folded >> turn | folded << (-turn & 63);
}

uint32_t NumpyRandom::next32() {
  if (has_half_) {
    has_half_ = false;
    return half_;
  }
  const uint64_t both = next64();
  has_half_ = true;
  half_ = static_cast<uint32_t>(both >> 32);
  return static_cast<uint32_t>(both);
}

uint32_t NumpyRandom::below(uint32_t bound) {
  if (bound == 1) return 0;  // and nothing is drawn
  uint64_t product = uint64_t{next32()} * bound;
  if (static_cast<uint32_t>(product) < bound) {
    const uint32_t threshold = -bound % bound;
    while (static_cast<uint32_t>(product) < threshold) product = uint64_t{next32()} * bound;
  }
  return static_cast<uint32_t>(product >> 32);
}

bool NumpyRandom::coin() {
  if (coins_left_ == 0) coins_ = next32(), coins_left_ = 32;
  const bool heads = (coins_ & 1) != 0;
  coins_ >>= 1, --coins_left_;
  return heads;
}

}  // namespace dragoman
