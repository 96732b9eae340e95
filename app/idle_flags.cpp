#include "app/idle_flags.h"

namespace dragoman {

void refuse_idle(const Flags& given, const std::string& name, const std::string& expected) {
  if (!given.has(name)) return;
  throw UsageError("--" + name, "expected " + expected + ", got --" + name + " alone, which has no effect");
}

void refuse_idle(const Flags& given, const OptionList& options, const std::string& expected) {
  for (const auto& option : options) refuse_idle(given, option.name, expected);
}

}  // namespace dragoman
