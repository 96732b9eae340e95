#include "app/command_line.h"

#define CXXOPTS_VECTOR_DELIMITER '\0'  // commas are ours to split: a file name may hold one in other options
#include <algorithm>
#include <cxxopts.hpp>

#include "core/file_options.h"

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

[[noreturn]] void refuse(const std::string& word, const OptionList& options) {
  if (word.size() < 2 || word[0] != '-')
    throw UsageError("command line", "required flags, got the word '" + word + "'");
  const std::string flag = word.substr(0, word.find('='));
  const std::string bare =
      flag.substr(flag.find_first_not_of('-') == std::string::npos ? 0 : flag.find_first_not_of('-'));
  const std::string near = nearest_name(bare, spellings(options));
  throw UsageError(flag, "required a known flag" +
                             (near.empty() ? "; see --help" : " (did you mean --" + near + "?)") + ", got '" +
                             flag + "'");
}

// Of a setting the last value counts, so that a script's flags can be followed by one's own. A second file
// would be a text, or a result, that is lost without a word.
void check_names_one(const Option& option, const std::vector<std::string>& values) {
  if (!names_file(option) || !std::holds_alternative<std::string*>(option.target)) return;
  for (const auto& value : values) {
    if (value != values.front())
      throw UsageError("--" + option.name,
                       "expected one file or folder, got '" + values.front() + "' and '" + value + "'");
  }
}

}  // namespace

std::string Flags::last(const std::string& name) const {
  const auto found = values.find(name);
  return found == values.end() || found->second.empty() ? "" : found->second.back();
}

Flags parse_flags(const OptionList& options, const std::vector<std::string>& arguments) {
  std::vector<const char*> argv = {"dragoman"};
  for (const auto& argument : arguments) argv.push_back(argument.c_str());
  Flags flags;
  try {
    auto parser = declared(options);
    const auto parsed = parser.parse(static_cast<int>(argv.size()), argv.data());
    if (!parsed.unmatched().empty()) refuse(parsed.unmatched().front(), options);
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
                     std::string("required a value for each flag that takes one, got none: ") + error.what());
  } catch (const cxxopts::exceptions::exception& error) {
    throw UsageError("command line",
                     std::string("required flags as --help shows them, got: ") + error.what());
  }
  for (const auto& option : options) {
    if (const auto found = flags.values.find(option.name); found != flags.values.end())
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
