#include "app/shell.h"

#include <algorithm>

#include "app/commands.h"
#include "app/help.h"

namespace dragoman {
namespace {

bool is_folder_option(const Option& option) {
  return option.placeholder == "DIR";
}

bool is_file_option(const Option& option) {
  return option.placeholder == "F" || option.placeholder == "FILE";
}

std::string joined(const std::vector<std::string>& words, const std::string& between = " ") {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

// The first sentence of a help text, which is what a menu has room for.
std::string brief(const std::string& help) {
  return help.substr(0, std::min(help.find(';'), help.find(": ")));
}

struct CommandOptions {
  const Command* command;
  OptionList options;  // their targets are gone: only names and texts are read
};

std::vector<CommandOptions> all_commands() {
  std::vector<CommandOptions> all;
  for (const auto& command : commands())
    command.with_options([&](const OptionList& options) { all.push_back({&command, options}); });
  return all;
}

// The first words of the commands, each once; and the second ones behind a first.
std::vector<std::string> first_words() {
  std::vector<std::string> words;
  for (const auto& command : commands()) {
    const std::string word = command.name.substr(0, command.name.find(' '));
    if (words.empty() || words.back() != word) words.push_back(word);
  }
  return words;
}

std::vector<std::string> second_words(const std::string& first) {
  std::vector<std::string> words;
  for (const auto& command : commands()) {
    if (command.name.rfind(first + " ", 0) == 0) words.push_back(command.name.substr(first.size() + 1));
  }
  return words;
}

const std::vector<std::string> kProgramFlags = {"--help", "--version", "--help-markdown", "--man",
                                                "--completion"};

// ---- bash -------------------------------------------------------------------

std::string bash_script() {
  std::string seconds, flags, values;
  for (const auto& first : first_words()) {
    if (!second_words(first).empty())
      seconds += "    " + first + ") COMPREPLY=($(compgen -W '" + joined(second_words(first)) +
                 "' -- \"$word\")); return ;;\n";
  }
  for (const auto& [command, options] : all_commands()) {
    std::vector<std::string> names = {"--help"}, folders, files, takers;
    std::string choices;
    for (const auto& option : options) {
      names.push_back("--" + option.name);
      if (!option.takes_value()) continue;
      std::string pattern = "--" + option.name;
      for (const auto& alias : option.aliases) pattern += "|--" + alias;
      if (option.letter != 0) pattern += "|-" + std::string(1, option.letter);
      if (!option.choices.empty())
        choices += "      '" + command->name + "':" + replaced(pattern, "|", "|'" + command->name + "':") +
                   ") COMPREPLY=($(compgen -W '" + joined(option.choices) + "' -- \"$word\")); return ;;\n";
      else
        (is_folder_option(option) ? folders
         : is_file_option(option) ? files
                                  : takers)
            .push_back("'" + command->name + "':" + replaced(pattern, "|", "|'" + command->name + "':"));
    }
    flags +=
        "      '" + command->name + "') COMPREPLY=($(compgen -W '" + joined(names) + "' -- \"$word\")) ;;\n";
    values += choices;
    if (!folders.empty())
      values += "      " + joined(folders, "|") + ") COMPREPLY=($(compgen -d -- \"$word\")); return ;;\n";
    if (!files.empty())
      values += "      " + joined(files, "|") + ") COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n";
    if (!takers.empty()) values += "      " + joined(takers, "|") + ") return ;;\n";
  }
  return "# Completion of dragoman for bash, made by: dragoman --completion bash\n"
         "_dragoman() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} "
         "command=${COMP_WORDS[1]}\n"
         "  COMPREPLY=()\n"
         "  if [[ $COMP_CWORD -eq 1 ]]; then\n"
         "    COMPREPLY=($(compgen -W '" +
         joined(first_words()) + " " + joined(kProgramFlags) +
         "' -- \"$word\"))\n"
         "    return\n"
         "  fi\n"
         "  [[ $command != --completion ]] || { COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$word\")); "
         "return; }\n"
         "  if [[ $COMP_CWORD -eq 2 ]]; then\n"
         "    case $command in\n" +
         seconds +
         "    esac\n"
         "  fi\n"
         "  case $command in " +
         [] {
           std::vector<std::string> pairs;
           for (const auto& first : first_words()) {
             if (!second_words(first).empty()) pairs.push_back(first);
           }
           return joined(pairs, "|");
         }() +
         ") command=\"$command ${COMP_WORDS[2]}\" ;; esac\n"
         "  case $command:$before in\n" +
         values +
         "  esac\n"
         "  case $command in\n" +
         flags +
         "  esac\n"
         "}\n"
         "complete -o filenames -F _dragoman dragoman\n";
}

// ---- zsh --------------------------------------------------------------------

std::string zsh_quoted(const std::string& text) {
  std::string safe = replaced(replaced(text, "\\", "\\\\"), "'", "'\\''");
  for (const char* special : {"[", "]", ":"}) safe = replaced(safe, special, std::string("\\") + special);
  return safe;
}

std::string zsh_values(const Option& option) {
  if (!option.takes_value()) return "";
  std::string text = ":" + zsh_quoted(option.placeholder.empty() ? "value" : option.placeholder) + ":";
  if (!option.choices.empty()) return text + "(" + joined(option.choices) + ")";
  if (is_folder_option(option)) return text + "_files -/";
  return is_file_option(option) ? text + "_files" : text;
}

std::string zsh_script() {
  std::string cases, names;
  for (const auto& first : first_words()) {
    const auto seconds = second_words(first);
    names += " '" + first + "'";
    if (!seconds.empty())
      cases += "    " + first + ")\n      if (( CURRENT == 3 )); then compadd " + joined(seconds) +
               "; return; fi\n      command=\"$words[2] $words[3]\" ;;\n";
  }
  std::string flags;
  for (const auto& [command, options] : all_commands()) {
    flags += "    '" + command->name + "') _arguments -S '*::' \\\n";
    for (const auto& option : options)
      flags += "      '*--" + option.name + "[" + zsh_quoted(brief(option.help)) + "]" + zsh_values(option) +
               "' \\\n";
    flags += "      '--help[show the flags]' ;;\n";
  }
  return "#compdef dragoman\n"
         "# Completion of dragoman for zsh, made by: dragoman --completion zsh\n"
         "_dragoman() {\n"
         "  local command=$words[2]\n"
         "  if (( CURRENT == 2 )); then compadd --" +
         names + " " + joined(kProgramFlags) +
         "; return; fi\n"
         "  case $command in\n" +
         cases +
         "  esac\n"
         "  case $command in\n" +
         flags +
         "  esac\n"
         "}\n"
         "compdef _dragoman dragoman\n";
}

// ---- fish -------------------------------------------------------------------

std::string fish_quoted(const std::string& text) {
  return "'" + replaced(replaced(text, "\\", "\\\\"), "'", "\\'") + "'";
}

std::string fish_script() {
  std::string text =
      "# Completion of dragoman for fish, made by: dragoman --completion fish\n"
      "complete -c dragoman -f\n";
  for (const auto& first : first_words())
    text += "complete -c dragoman -n __fish_use_subcommand -a " + first + "\n";
  for (const auto& first : first_words()) {
    const auto seconds = second_words(first);
    if (!seconds.empty())
      text += "complete -c dragoman -n '__fish_seen_subcommand_from " + first +
              "; and not __fish_seen_subcommand_from " + joined(seconds) + "' -a '" + joined(seconds) + "'\n";
  }
  for (const auto& flag : kProgramFlags)
    text += "complete -c dragoman -n __fish_use_subcommand -l " + flag.substr(2) + "\n";
  for (const auto& [command, options] : all_commands()) {
    const size_t space = command->name.find(' ');
    // `train` is a command and the second word of another.
    std::string condition = "__fish_seen_subcommand_from " + command->name.substr(0, space);
    if (space != std::string::npos)
      condition += "; and __fish_seen_subcommand_from " + command->name.substr(space + 1);
    else
      for (const auto& first : first_words()) {
        if (!second_words(first).empty()) condition += "; and not __fish_seen_subcommand_from " + first;
      }
    for (const auto& option : options) {
      text += "complete -c dragoman -n '" + condition + "' -l " + option.name;
      if (option.letter != 0) text += " -s " + std::string(1, option.letter);
      if (option.takes_value()) {
        if (!option.choices.empty())
          text += " -x -a " + fish_quoted(joined(option.choices));
        else if (is_folder_option(option))
          text += " -x -a '(__fish_complete_directories)'";
        else
          text += is_file_option(option) ? " -r -F" : " -x";
      }
      text += " -d " + fish_quoted(brief(option.help)) + "\n";
    }
  }
  return text;
}

// ---- man --------------------------------------------------------------------

// Text that no macro can be made of.
std::string roff(const std::string& text) {
  std::string safe = replaced(replaced(text, "\\", "\\e"), "-", "\\-");
  if (!safe.empty() && (safe[0] == '.' || safe[0] == '\'')) safe = "\\&" + safe;
  return replaced(replaced(safe, "\n.", "\n\\&."), "\n'", "\n\\&'");
}

std::string roff_option(const Option& option) {
  std::string head = option.letter != 0 ? "\\fB\\-" + std::string(1, option.letter) + "\\fR, " : "";
  head += "\\fB" + roff("--" + option.name) + "\\fR";
  if (!option.placeholder.empty()) head += " \\fI" + roff(option.placeholder) + "\\fR";
  const std::string notes = option_notes(option, ", ");
  return ".TP\n" + head + "\n" + roff(option.help + (notes.empty() ? "" : " (" + notes + ")")) + "\n";
}

}  // namespace

std::string completion_script(const std::string& shell) {
  if (shell == "bash") return bash_script();
  if (shell == "zsh") return zsh_script();
  if (shell == "fish") return fish_script();
  throw UsageError("--completion", "required bash, zsh or fish, got '" + shell + "'");
}

std::string man_page() {
  std::string text =
      ".TH DRAGOMAN 1 \"\" \"dragoman " DRAGOMAN_VERSION
      "\" \"User Commands\"\n"
      ".SH NAME\ndragoman \\- trains, evaluates and runs sequence\\-to\\-sequence Transformers\n"
      ".SH SYNOPSIS\n";
  for (const auto& command : commands())
    text += ".br\n\\fBdragoman " + roff(command.name) + "\\fR " + roff(command.usage) + "\n";
  for (const auto& command : commands()) {
    text += ".SH DRAGOMAN " + roff(command.name) + "\n" + roff(command.summary) + "\n.PP\n.nf\n" +
            roff(command.examples) + ".fi\n";
    command.with_options([&](const OptionList& options) {
      std::string group;
      for (const auto& option : options) {
        if (option.group != group) text += ".SS " + roff(option.group) + "\n", group = option.group;
        text += roff_option(option);
      }
    });
  }
  text +=
      ".SH EXIT STATUS\n"
      ".TP\n0\ndone\n.TP\n1\ninternal error\n.TP\n2\na flag, a value, run.json, or a device that is not "
      "there\n"
      ".TP\n3\ninput that cannot be read, output that cannot be written, pairs that cannot be trusted\n"
      ".TP\n4\nmodel folder missing or damaged\n.TP\n130, 143\nstopped by SIGINT or SIGTERM, state saved\n";
  return text;
}

}  // namespace dragoman
