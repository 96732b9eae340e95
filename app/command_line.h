// The command line: from arguments to the members of an options struct. The only user of cxxopts.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/options.h"

namespace dragoman {

using Arguments = std::vector<std::string>;

// The parsed command line: the values of each flag, in order.
struct Flags {
  std::map<std::string, std::vector<std::string>> values;

  bool has(const std::string& name) const { return values.count(name) > 0; }
  // The last value, or "" when the flag was not given.
  std::string last(const std::string& name) const;
};

// Names the commands that have a flag, for the hint of an error: "dragoman train, dragoman check", or "".
using CommandsWithFlag = std::function<std::string(const std::string& name)>;

// Splits the arguments by the flags that `options` describe and peers' names for them (peer_flags.h).
// UsageError for an unknown flag (naming what to use instead, or the commands that `others` knows), a flag
// without its value, a flag that names one file or folder given with two, and a word that belongs to no flag.
// --help and -h are known everywhere ("help").
Flags parse_flags(const OptionList& options, const Arguments& arguments,
                  const CommandsWithFlag& others = nullptr);

// Sets the members. The last value of a setting counts. UsageError naming the flag.
void apply_flags(const OptionList& options, const Flags& flags);

}  // namespace dragoman
