// What shells and man read, made from the described options like --help.
#pragma once

#include <string>

namespace dragoman {

// A completion script for "bash", "zsh" or "fish". UsageError for another shell.
std::string completion_script(const std::string& shell);

// dragoman(1), in man(7)'s macros.
std::string man_page();

}  // namespace dragoman
