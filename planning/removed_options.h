// Training options of earlier versions that no longer exist. Their flags are refused with the reason, and a
// run.json of an earlier version is read as long as it does not use them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace dragoman {

// All of them were numbers whose value 0 meant "off".
struct RemovedOption {
  std::string_view name;    // the flag without its dashes
  std::string_view reason;  // why it was removed, and what to use instead
};

const std::vector<RemovedOption>& removed_options();

// The reason of the flag `name` (without dashes), or "" when it was never removed.
std::string removal_reason(std::string_view name);

// `settings`, read from the file `where`, without the keys of removed options. ConfigError naming the first
// of them that is not 0. A value that is not a JSON object is returned unchanged.
nlohmann::json without_removed(nlohmann::json settings, const std::string& where);

}  // namespace dragoman
