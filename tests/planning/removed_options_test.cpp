#include "planning/removed_options.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace dragoman {
namespace {

TEST(RemovedOptions, OfAnEarlierRunAreReadWhereTheyWereOff) {
  for (const RemovedOption& option : removed_options()) {
    std::string key(option.name);
    std::replace(key.begin(), key.end(), '-', '_');
    const auto read = without_removed({{key, 0.0}, {"seed", 5}}, "run.json");
    EXPECT_EQ(read, nlohmann::json({{"seed", 5}})) << key;
  }
}

TEST(RemovedOptions, ThatWereInUseAreRefusedByNameWithTheReason) {
  try {
    without_removed({{"r_drop", 5.0}}, "m/run.json");
    FAIL() << "accepted";
  } catch (const ConfigError& error) {
    EXPECT_EQ(std::string(error.what()),
              "[m/run.json: r_drop] expected 0, got 5.0: " + removal_reason("r-drop"));
  }
  EXPECT_THROW(without_removed({{"r_drop", "0"}}, "run.json"), ConfigError);
  EXPECT_THROW(without_removed({{"r_drop", true}}, "run.json"), ConfigError);
}

TEST(RemovedOptions, LeaveOtherSettingsAndOtherFlagsAlone) {
  EXPECT_EQ(without_removed({1, 2}, "run.json"), nlohmann::json({1, 2}));
  EXPECT_EQ(removal_reason("dropout"), "");
}

}  // namespace
}  // namespace dragoman
