#include "evaluation/numpy_random.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/json.h"

namespace dragoman {
namespace {

nlohmann::json numpy_draws() {
  return read_json_file(DRAGOMAN_TEST_DIR "/reference/paired_cases.json", ErrorKind::kData).at("draws");
}

uint64_t number(const nlohmann::json& text) {
  return std::stoull(text.get<std::string>());
}

TEST(NumpyRandom, IsSeededAsNumpySeeds) {
  for (const auto& draws : numpy_draws()) {
    const auto state = numpy_seed_sequence(number(draws["seed"]));
    for (size_t i = 0; i < state.size(); ++i) EXPECT_EQ(state[i], number(draws["state"][i])) << draws["seed"];
  }
}

TEST(NumpyRandom, SamplesAreNumpys) {
  for (const auto& draws : numpy_draws()) {
    SCOPED_TRACE(draws["seed"].dump());
    for (const auto& [bound, numbers] : draws["below"].items()) {
      NumpyRandom random(number(draws["seed"]));
      for (const auto& expected : numbers)
        ASSERT_EQ(random.below(static_cast<uint32_t>(std::stoull(bound))), expected.get<uint32_t>()) << bound;
    }
    NumpyRandom random(number(draws["seed"]));
    for (const auto& expected : draws["coins"]) ASSERT_EQ(random.coin(), expected.get<int>() == 1);
  }
}

TEST(NumpyRandom, BelowOneIsZeroAndTakesNoRandomNumber) {
  NumpyRandom one(3), other(3);
  EXPECT_EQ(one.below(1), 0u);
  EXPECT_EQ(one.next32(), other.next32());
}

}  // namespace
}  // namespace dragoman
