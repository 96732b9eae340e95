#include "planning/removed_options.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace dragoman {

const std::vector<RemovedOption>& removed_options() {
  static const std::vector<RemovedOption> all = {
      {"r-drop", "R-Drop was removed: it gave no gain (docs/quality.md); use --dropout"},
      {"sampling-epochs",
       "it was removed: it gave nothing in a whole run (docs/quality.md); sampling lasts the whole run"},
      {"source-word-dropout", "it was removed: no recipe needs it; use --dropout or --subword-sampling"},
      {"target-word-dropout", "it was removed: no recipe needs it; use --dropout or --subword-sampling"},
  };
  return all;
}

std::string removal_reason(std::string_view name) {
  const auto& all = removed_options();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const RemovedOption& option) { return option.name == name; });
  return found == all.end() ? "" : std::string(found->reason);
}

nlohmann::json without_removed(nlohmann::json settings, const std::string& where) {
  if (!settings.is_object()) return settings;
  for (const RemovedOption& option : removed_options()) {
    std::string key(option.name);
    std::replace(key.begin(), key.end(), '-', '_');
    const auto found = settings.find(key);
    if (found == settings.end()) continue;
    if (!found->is_number() || *found != 0)
      throw ConfigError(where + ": " + key,
                        "expected 0, got " + found->dump() + ": " + std::string(option.reason));
    settings.erase(found);
  }
  return settings;
}

}  // namespace dragoman
