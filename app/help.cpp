#include "app/help.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "app/peer_flags.h"
#include "core/terminal.h"

namespace dragoman {
namespace {

constexpr size_t kFlagColumn = 30, kNarrowest = 60, kWidest = 100;

// Columns of the terminal that help is read on, through a pager too.
size_t line_width() {
  for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
    if (const size_t width = terminal_width(descriptor, 0); width > 0)
      return std::clamp(width, kNarrowest, kWidest);
  }
  return kWidest;
}

std::string flag_text(const Option& option) {
  std::string text = option.letter != 0 ? "-" + std::string(1, option.letter) + ", --" : "--";
  return text + option.name + (option.placeholder.empty() ? "" : " " + option.placeholder);
}

// What follows the help text.
std::string notes_of(const Option& option) {
  const std::string notes = option_notes(option);
  return notes.empty() ? "" : " (" + notes + ")";
}

// The first part of `word`, which is too long for a line of `room` columns, that fits: up to a '|' or ','.
size_t break_of(const std::string& word, size_t room) {
  const size_t at = word.find_last_of("|,", room > 0 ? room - 1 : 0);
  return at == std::string::npos ? word.size() : at + 1;
}

// Words of `text` in lines that begin at `indent`; the first line has it already. `continued` ends each line
// but the last.
std::string wrapped(const std::string& text, size_t indent, const std::string& continued = "") {
  const size_t width = line_width() - continued.size();
  std::string result;
  size_t column = indent;
  const auto new_line = [&] { result += continued + "\n" + std::string(indent, ' '), column = indent; };
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    std::string word = text.substr(begin, end - begin);
    if (column > indent && column + 1 + display_width(word) > width) new_line();
    if (column > indent) result += ' ', ++column;
    while (column + display_width(word) > width) {
      const size_t part = break_of(word, width - column);
      if (part >= word.size()) break;
      result += word.substr(0, part), word.erase(0, part);
      new_line();
    }
    result += word, column += display_width(word);
    begin = end + 1;
  }
  return result;
}

// Lines that a shell takes, each indented by two.
std::string wrapped_commands(const std::string& lines) {
  std::string text;
  for (size_t begin = 0; begin < lines.size();) {
    const size_t end = std::min(lines.find('\n', begin), lines.size());
    const std::string line = lines.substr(begin, end - begin);
    const std::string rest = line.substr(std::min(line.find_first_not_of(' '), line.size()));
    const bool fits = display_width(line) <= line_width();
    text += (fits ? line : "  " + wrapped(rest, 4, " \\")) + "\n";
    begin = end + 1;
  }
  return text;
}

std::string options_text(const OptionList& options) {
  std::string text, group;
  for (const auto& option : options) {
    if (option.group != group) text += "\n" + option.group + "\n", group = option.group;
    std::string line = "  " + flag_text(option);
    line += line.size() + 2 > kFlagColumn ? "\n" + std::string(kFlagColumn, ' ')
                                          : std::string(kFlagColumn - line.size(), ' ');
    text += line + wrapped(option.help + notes_of(option), kFlagColumn) + "\n";
  }
  return text;
}

std::string escaped(std::string text) {
  for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.replace(at, 1, "\\|");
  for (size_t at = 0; (at = text.find('<', at)) != std::string::npos; at += 4) text.replace(at, 1, "&lt;");
  return text;
}

std::string options_table(const OptionList& options) {
  std::string text, group = "\n";
  for (const auto& option : options) {
    if (option.group != group) {
      text += (text.empty() ? "" : "\n") + std::string("| ") +
              (option.group.empty() ? "flag" : option.group) +
              " | meaning | default | also |\n|---|---|---|---|\n";
      group = option.group;
    }
    std::string choices, aliases;
    for (const auto& choice : option.choices) choices += (choices.empty() ? " (" : ", ") + choice;
    for (const auto& alias : option.aliases) aliases += (aliases.empty() ? "" : ", ") + ("`--" + alias + "`");
    text += "| `" + flag_text(option) + "` | " +
            escaped(option.help + choices + (choices.empty() ? "" : ")")) + " | " + option.value_text() +
            " | " + aliases + " |\n";
  }
  return text;
}

}  // namespace

std::string option_notes(const Option& option, const char* between) {
  std::string notes;
  for (const auto& choice : option.choices) notes += (notes.empty() ? "" : between) + choice;
  const std::string value = option.value_text();
  if (!value.empty() && !(std::holds_alternative<bool*>(option.target) && value == "false"))
    notes += (notes.empty() ? "default " : "; default ") + value;
  return notes;
}

std::string program_help() {
  std::string text =
      wrapped("dragoman " DRAGOMAN_VERSION ": trains, evaluates and runs sequence-to-sequence Transformers.",
              0) +
      "\n\nCommands\n";
  for (const auto& command : commands()) {
    const std::string line = "  dragoman " + command.name;
    text += line + std::string(std::max<size_t>(2, kFlagColumn - line.size()), ' ') +
            wrapped(command.summary, kFlagColumn) + "\n";
  }
  if (std::getenv("DRAGOMAN_CONTAINER") != nullptr)
    text +=
        "\nIn a container: mount the folder with your files as /data, which is where paths begin\n" +
        wrapped_commands(
            "  docker run --rm -v \"$PWD:/data\" --user \"$(id -u):$(id -g)\" dragoman train --train-source "
            "train.en --train-target train.de --model en-de --max-time 2h\n"
            "  echo \"Good morning.\" | docker run --rm -i -v \"$PWD:/data\" dragoman translate --model "
            "en-de\n");
  text +=
      "\nFirst steps\n" +
      wrapped_commands(
          "  dragoman train --train-source train.en --train-target train.de --model en-de "
          "--max-time 2h\n"
          "  echo \"Good morning.\" | dragoman translate --model en-de\n"
          "  dragoman evaluate --model en-de --source test.en --reference test.de\n") +
      "\n" +
      wrapped(
          "`dragoman COMMAND --help` shows the flags of a command; `dragoman --version` the version; "
          "`dragoman --man` prints a man page, `dragoman --completion bash|zsh|fish` what completes commands "
          "and flags in a shell.",
          0) +
      "\n";
  return text;
}

std::string command_help(const Command& command) {
  std::string text = wrapped("dragoman " + command.name + " " + command.usage, 0) + "\n\n" +
                     wrapped(command.summary, 0) + "\n\nExamples\n" + wrapped_commands(command.examples);
  command.with_options([&](const OptionList& options) { text += options_text(options); });
  return text;
}

std::string options_markdown() {
  std::string text =
      "# Options\n\nMade by `dragoman --help-markdown` from the program's own option lists; a test compares. "
      "Names, defaults and ranges hold for flags and, with `_`\nfor `-`, for the keys of `run.json`.\n";
  for (const auto& command : commands()) {
    text += "\n## dragoman " + command.name + "\n\n" + command.summary + "\n\n```\n" + command.examples +
            "```\n\n";
    command.with_options([&](const OptionList& options) { text += options_table(with_peer_names(options)); });
  }
  return text;
}

}  // namespace dragoman
