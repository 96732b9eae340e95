// Help: what a person reads at --help, and docs/options.md, both made from the described options.
#pragma once

#include <string>

#include "app/commands.h"

namespace dragoman {

std::string program_help();
std::string command_help(const Command& command);
std::string options_markdown();  // docs/options.md

}  // namespace dragoman
