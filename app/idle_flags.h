// Flags that would have no effect. They are refused, because the user expects an effect.
#pragma once

#include <string>

#include "app/command_line.h"

namespace dragoman {

// UsageError for the first of `options` on the command line: "[--beam-size] expected a model that
// translates (--source), got --beam-size alone, which has no effect".
void refuse_idle(const Flags& given, const OptionList& options, const std::string& expected);

// The same for one flag, by name.
void refuse_idle(const Flags& given, const std::string& name, const std::string& expected);

}  // namespace dragoman
