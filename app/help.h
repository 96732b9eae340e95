// Help: the text of --help, and docs/options.md, both generated from the described options.
#pragma once

#include <string>

#include "app/commands.h"

namespace dragoman {

std::string program_help();
std::string command_help(const Command& command);
// Choices, joined by `between`, and the default: "pieces|ids; default pieces", "" when there is neither.
std::string option_notes(const Option& option, const char* between = "|");
std::string options_markdown();  // docs/options.md

}  // namespace dragoman
