#include "app/complete.h"

#include <algorithm>
#include <set>
#include <sstream>

#include "app/commands.h"
#include "app/peer_flags.h"
#include "app/shell.h"
#include "core/file_options.h"

namespace dragoman {
namespace {

const char kFiles[] = ":files\n", kFolders[] = ":folders\n";

// What a menu has room for: the first sentence of a help text. A colon does not end it ("noam: the same in
// the paper's scaling").
std::string brief(const std::string& help) {
  return help.substr(0, help.find(';'));
}

std::string line(const std::string& word, const std::string& description) {
  return word + "\t" + description + "\n";
}

// The first words of all commands, or, after `first`, the second ones ("train" after "tokenizer").
std::string command_words(const std::string& first) {
  std::string lines;
  std::set<std::string> seen;
  for (const auto& command : commands()) {
    const size_t space = std::min(command.name.find(' '), command.name.size());
    const std::string word = command.name.substr(0, space);
    const bool is_pair = space < command.name.size();
    if (!first.empty() && word == first && is_pair)
      lines += line(command.name.substr(space + 1), brief(command.summary));
    if (first.empty() && seen.insert(word).second)
      lines += line(word, is_pair ? word + " commands" : brief(command.summary));
  }
  return lines;
}

std::string shells() {
  std::string lines;
  for (const auto name : kNamesOf<Shell>) lines += line(std::string(name), "");
  return lines;
}

// The command that the first one or two words name; null when they name none (yet). `used`: how many words.
const Command* find_command(const std::vector<std::string>& words, size_t& used) {
  for (const auto& command : commands()) {
    used = command.name.find(' ') == std::string::npos ? 1 : 2;
    if (words.size() <= used) continue;
    if (command.name == (used == 1 ? words[0] : words[0] + " " + words[1])) return &command;
  }
  return nullptr;
}

const Option* find_option(const OptionList& options, const std::string& word) {
  const auto found = std::find_if(options.begin(), options.end(), [&](const Option& option) {
    if (option.letter != 0 && word == std::string("-") + option.letter) return true;
    if (word == "--" + option.name) return true;
    return std::any_of(option.aliases.begin(), option.aliases.end(),
                       [&](const std::string& alias) { return word == "--" + alias; });
  });
  return found == options.end() ? nullptr : &*found;
}

// Values of one flag. In a list they follow what is there: bleu,chrf,TAB.
std::string values_of(const Option& option, const std::string& typed) {
  if (const auto kind = path_kind(option)) return kind == PathKind::kFolder ? kFolders : kFiles;
  if (std::holds_alternative<bool*>(option.target)) return "true\t\nfalse\t\n";
  const bool is_list = option.is_list() && !option.one_item;
  const size_t comma = is_list ? typed.rfind(',') : std::string::npos;
  const std::string before = comma == std::string::npos ? "" : typed.substr(0, comma + 1);
  std::string lines;
  for (const auto& choice : option.choices) lines += line(before + choice, option.name);
  return lines;
}

std::string flags_of(const OptionList& options) {
  std::string lines;
  for (const auto& option : options) lines += line("--" + option.name, brief(option.help));
  return lines + line("--help", "show the flags");
}

// True when the usage has a word of capitals that is no flag's value: "PATH --model DIR".
bool takes_words(const Command& command) {
  std::istringstream usage(command.usage);
  bool follows_flag = false;
  for (std::string word; usage >> word;) {
    if (!follows_flag && word[0] >= 'A' && word[0] <= 'Z') return true;
    follows_flag = word.find("--") != std::string::npos;
  }
  return false;
}

// `words`: those after the command's name.
std::string argument_completions(const Command& command, const OptionList& options,
                                 const std::vector<std::string>& words) {
  std::string word = words.back(), before = words.size() > 1 ? words[words.size() - 2] : "";
  const size_t equals = word.rfind("--", 0) == 0 ? word.find('=') : std::string::npos;
  if (equals != std::string::npos) {
    before = word.substr(0, equals);
    word = word.substr(equals + 1);
  } else if (word == "=") {
    word = "";
  } else if (before == "=" && words.size() > 2) {
    before = words[words.size() - 3];
  }
  const Option* option = find_option(options, before);
  if (option != nullptr && (option->takes_value() || equals != std::string::npos))
    return values_of(*option, word);
  if (takes_words(command) && (word.empty() || word[0] != '-'))
    return (word.empty() ? flags_of(options) : "") + kFiles;
  return flags_of(options);
}

}  // namespace

const std::vector<std::string>& program_flags() {
  static const std::vector<std::string> flags = {"--help", "--version", "--help-markdown", "--man",
                                                 "--completion"};
  return flags;
}

std::string completions(const std::vector<std::string>& words) {
  std::string lines;
  size_t used = 0;
  if (words.size() <= 1) {
    lines = command_words("");
    for (const auto& flag : program_flags()) lines += line(flag, "");
  } else if (const Command* command = find_command(words, used)) {
    command->with_options([&](const OptionList& options) {
      lines = argument_completions(*command, with_peer_names(options), {words.begin() + used, words.end()});
    });
  } else if (words.size() == 2) {
    lines = words[0] == "--completion" ? shells() : command_words(words[0]);
  }
  return lines;
}

}  // namespace dragoman
