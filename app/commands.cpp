#include "app/commands.h"

#include <algorithm>

#include "app/peer_flags.h"

namespace dragoman {
namespace {

bool has_flag(const Command& command, const std::string& name) {
  bool found = false;
  command.with_options([&](const OptionList& options) {
    for (const Option& option : with_peer_names(options)) {
      found |= option.name == name || std::count(option.aliases.begin(), option.aliases.end(), name) > 0;
    }
  });
  return found;
}

}  // namespace

std::string commands_with_flag(const std::string& name) {
  std::string names;
  for (const Command& command : commands()) {
    if (has_flag(command, name)) names += (names.empty() ? "dragoman " : ", dragoman ") + command.name;
  }
  return names;
}

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {train_command(),
                                           translate_command(),
                                           evaluate_command(),
                                           tokenizer_train_command(),
                                           tokenizer_encode_command(),
                                           tokenizer_decode_command(),
                                           inspect_command(),
                                           average_command(),
                                           selftest_command(),
                                           check_command(),
                                           score_command(),
                                           import_command(),
                                           export_command(),
                                           doctor_command()};
  return all;
}

}  // namespace dragoman
