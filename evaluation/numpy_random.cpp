#include "evaluation/numpy_random.h"

namespace dragoman {
namespace {

// One of the two hashes of SeedSequence. It mixes each word with a constant that changes at each call.
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
  std::array<uint32_t, 4> pool{};
  pool[0] = seed;  // the lower half
  pool[1] = seed >> 32;
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
    state[i / 2] |= uint64_t{out_of(pool[i % pool.size()])} << (32 * (i % 2));
  return state;
}

NumpyRandom::NumpyRandom(uint64_t seed) {
  const auto words = numpy_seed_sequence(seed);
  increment_ = ((Wide{words[2]} << 64 | words[3]) << 1) | 1;
  next64();
  state_ += Wide{words[0]} << 64 | words[1];
  next64();
}

uint64_t NumpyRandom::next64() {
  constexpr Wide kMultiplier = Wide{0x2360ED051FC65DA4u} << 64 | 0x4385DF649FCCF645u;
  state_ = state_ * kMultiplier + increment_;
  const uint64_t folded = (state_ >> 64) ^ state_;  // the lower half
  const int rotation = state_ >> 122;
  return folded >> rotation | folded << (-rotation & 63);
}

uint32_t NumpyRandom::next32() {
  if (has_half_) {
    has_half_ = false;
    return half_;
  }
  const uint64_t both = next64();
  has_half_ = true;
  half_ = both >> 32;
  return static_cast<uint32_t>(both);
}

uint32_t NumpyRandom::below(uint32_t bound) {
  if (bound == 1) return 0;  // as numpy does, without a new random number
  uint64_t product = uint64_t{next32()} * bound;
  if (static_cast<uint32_t>(product) < bound) {
    const uint32_t threshold = -bound % bound;
    while (static_cast<uint32_t>(product) < threshold) product = uint64_t{next32()} * bound;
  }
  return product >> 32;
}

bool NumpyRandom::coin() {
  if (coins_left_ == 0) coins_ = next32(), coins_left_ = 32;
  const bool heads = (coins_ & 1) != 0;
  coins_ >>= 1, --coins_left_;
  return heads;
}

}  // namespace dragoman
