// Completion scripts and the man page, generated from the described options like --help.
#pragma once

#include <string>

#include "core/choice.h"

namespace dragoman {

enum class Shell { kBash, kZsh, kFish };
constexpr auto names_of(Shell) {
  return choice_names("bash", "zsh", "fish");
}

// The completion script of the named shell. UsageError for another name.
std::string completion_script(const std::string& name);

// dragoman(1), in man(7)'s macros.
std::string man_page();

}  // namespace dragoman
