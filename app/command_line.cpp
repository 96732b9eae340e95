#include "app/command_line.h"

#include "app/peer_flags.h"

#define CXXOPTS_VECTOR_DELIMITER '\0'  // commas are ours to split: a file name may hold one in other options
#include <algorithm>
#include <cxxopts.hpp>

#include "core/file_options.h"
#include "planning/removed_options.h"

namespace dragoman {
namespace {

std::vector<std::string> spellings(const OptionList& options) {
  std::vector<std::string> all = {"help"};
  for (const auto& option : options) {
    all.push_back(option.name);
    all.insert(all.end(), option.aliases.begin(), option.aliases.end());
  }
  return all;
}

cxxopts::Options declared(const OptionList& options) {
  cxxopts::Options parser("dragoman");
  parser.allow_unrecognised_options();  // so that the complaint is ours
  auto add = parser.add_options();
  add("h,help", "");
  for (const auto& option : options) {
    const auto value = [&] {
      auto list = cxxopts::value<std::vector<std::string>>();
      return option.takes_value() ? list : list->implicit_value("true");
    };
    const std::string letter = option.letter != 0 ? std::string(1, option.letter) + "," : "";
    add(letter + option.name, "", value());
    for (const auto& alias : option.aliases) add(alias, "", value());
  }
  return parser;
}

// The flag without its dashes and its value, with '-' for '_'.
std::string bare_name(const std::string& flag) {
  const std::string name = flag.substr(0, flag.find('='));
  std::string bare = name.substr(std::min(name.find_first_not_of('-'), name.size()));
  std::replace(bare.begin(), bare.end(), '_', '-');
  return bare;
}

bool is_known(const std::string& name, const OptionList& options) {
  const auto all = spellings(options);
  return std::find(all.begin(), all.end(), name) != all.end();
}

const Option* find_flag(const std::string& argument, const OptionList& options) {
  const std::string name = bare_name(argument);
  for (const Option& option : options) {
    const bool is_letter = argument.rfind("--", 0) != 0 && name.size() == 1 && name[0] == option.letter;
    if (is_letter || option.name == name ||
        std::find(option.aliases.begin(), option.aliases.end(), name) != option.aliases.end())
      return &option;
  }
  return nullptr;
}

[[noreturn]] void refuse(const std::string& word, const OptionList& options, const CommandsWithFlag& others) {
  if (word.size() < 2 || word[0] != '-') {
    throw UsageError("command line",
                     "expected flags, got the word '" + word + "'; a value with spaces needs quotes");
  }
  const std::string flag = word.substr(0, word.find('='));
  std::string hint = removal_reason(bare_name(flag));
  if (hint.empty()) hint = peer_hint(flag, options);
  const auto commands_with = [&](const std::string& name) {
    return hint.empty() && others && !name.empty() ? others(name) : "";
  };
  if (const std::string names = commands_with(bare_name(flag)); !names.empty())
    hint = "it is a flag of " + names;
  const std::string ours = flag_of_ours(flag);
  if (const std::string names = commands_with(ours); !names.empty())
    hint = "it is --" + ours + " of " + names;
  if (const std::string near = hint.empty() ? nearest_name(bare_name(flag), spellings(options)) : "";
      !near.empty()) {
    const Option* option = find_flag("--" + near, options);
    hint = "did you mean --" + (option == nullptr ? near : option->name) + "?";
  }
  throw UsageError(
      flag, "expected a known flag (" + (hint.empty() ? "see --help" : hint) + "), got '" + flag + "'");
}

// Our way to write what other programs take: --beam_size is --beam-size. UsageError for -beam_size, which
// would be read as -b with a value.
Arguments in_our_spelling(Arguments arguments, const OptionList& options) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string& argument = arguments[i];
    if (argument == "--") break;
    if (argument.rfind("--", 0) == 0) {
      const size_t end = std::min(argument.find('='), argument.size());
      if (!is_known(bare_name(argument), options)) continue;
      std::replace(argument.begin(), argument.begin() + end, '_', '-');
    } else if (argument.size() > 2 && argument[0] == '-') {
      const std::string name = bare_name(argument);
      if (is_known(name, options) || !peer_hint(argument, options).empty())
        throw UsageError(argument, "expected two dashes before a long flag, as in --" + name + ", got '" +
                                       argument.substr(0, argument.find('=')) + "'");
    }
    const Option* option = argument[0] == '-' && argument.find('=') == std::string::npos
                               ? find_flag(argument, options)
                               : nullptr;
    if (option != nullptr && option->takes_value()) ++i;  // its value may look like a flag
  }
  return arguments;
}

// Of a setting the last value counts, so that a script's flags can be followed by one's own. A second file
// would be a text, or a result, that is lost silently.
void check_names_one(const Option& option, const std::vector<std::string>& values) {
  if (!std::holds_alternative<std::string*>(option.target)) return;
  for (const auto& value : values) {
    if (value != values.front())
      throw UsageError("--" + option.name,
                       "expected one file or folder, got '" + values.front() + "' and '" + value + "'");
  }
}

// A script's variable that is not set would mean standard input, or no file at all.
void check_names_some(const Option& option, const std::vector<std::string>& values) {
  if (std::count(values.begin(), values.end(), "") > 0)
    throw UsageError("--" + option.name, "expected a file or folder, got an empty name");
}

}  // namespace

std::string Flags::last(const std::string& name) const {
  const auto found = values.find(name);
  return found == values.end() || found->second.empty() ? "" : found->second.back();
}

Flags parse_flags(const OptionList& own, const Arguments& words, const CommandsWithFlag& others) {
  const OptionList options = with_peer_names(own);
  const Arguments arguments = in_our_spelling(words, options);
  std::vector<const char*> argv = {"dragoman"};
  for (const auto& argument : arguments) argv.push_back(argument.c_str());
  Flags flags;
  try {
    auto parser = declared(options);
    const auto parsed = parser.parse(argv.size(), argv.data());
    if (!parsed.unmatched().empty()) refuse(parsed.unmatched().front(), options, others);
    if (parsed.count("help") > 0) flags.values["help"] = {"true"};
    // In the order of the command line, whichever of its names a flag has there.
    for (const auto& given : parsed.arguments()) {
      for (const auto& option : options) {
        if (option.name == given.key() ||
            std::count(option.aliases.begin(), option.aliases.end(), given.key()) > 0)
          flags.values[option.name].push_back(given.value());
      }
    }
  } catch (const cxxopts::exceptions::missing_argument& error) {
    throw UsageError("command line",
                     std::string("expected a value for each flag that takes one, got none: ") + error.what());
  } catch (const cxxopts::exceptions::exception& error) {
    throw UsageError("command line",
                     std::string("expected flags as --help shows them, got: ") + error.what());
  }
  for (const auto& option : options) {
    const auto found = flags.values.find(option.name);
    if (found == flags.values.end() || !path_kind(option)) continue;
    check_names_some(option, found->second);
    check_names_one(option, found->second);
  }
  return flags;
}

void apply_flags(const OptionList& options, const Flags& flags) {
  for (const auto& option : options) {
    const auto found = flags.values.find(option.name);
    if (found == flags.values.end()) continue;
    bool append = false;
    for (const auto& value : found->second) {
      set_from_text(option, value, append);
      append = true;
    }
  }
}

}  // namespace dragoman
