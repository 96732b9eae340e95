// The commands of the program. Each reads its flags into plain structs and calls the library.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/options.h"

namespace dragoman {

using Arguments = std::vector<std::string>;

struct Command {
  std::string name;      // "tokenizer encode"
  std::string summary;   // one line
  std::string usage;     // behind the name
  std::string examples;  // some lines, each a whole command
  // All options with their defaults, for --help and docs/options.md.
  std::function<void(const std::function<void(const OptionList&)>&)> with_options;
  std::function<int(const Arguments&)> run;  // returns the exit code
};

// In the order of --help.
const std::vector<Command>& commands();

Command train_command();
Command translate_command();
Command evaluate_command();
Command tokenizer_train_command();
Command tokenizer_encode_command();
Command tokenizer_decode_command();
Command inspect_command();
Command average_command();
Command selftest_command();
Command check_command();
Command score_command();
Command doctor_command();
Command import_command();
Command export_command();

}  // namespace dragoman
