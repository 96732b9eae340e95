#include "app/shell.h"

#include "app/commands.h"
#include "app/help.h"

namespace dragoman {
namespace {

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

// Each asks the program itself for candidates (app/complete.h) and hands paths to the shell, which knows how
// to quote them.

const char kBash[] = R"sh(# Completion of dragoman for bash, made by: dragoman --completion bash
_dragoman() {
  local candidate word=${COMP_WORDS[COMP_CWORD]#=}
  COMPREPLY=()
  while IFS= read -r candidate; do
    case $candidate in
      :files) compopt -o default ;;
      :folders) compopt -o dirnames ;;
      "$word"*) COMPREPLY+=("${candidate%%$'\t'*}") ;;
    esac
  done < <("${1/#\~/$HOME}" --complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2> /dev/null)
}
complete -F _dragoman dragoman
)sh";

// compinit calls the file of a folder in fpath as the function itself; `source` defines it.
const char kZsh[] = R"sh(#compdef dragoman
# Completion of dragoman for zsh, made by: dragoman --completion zsh
_dragoman() {
  local line
  local -a lines candidates
  lines=("${(@f)$(${~words[1]} --complete "${(@Q)words[2,CURRENT]}" 2> /dev/null)}")
  [[ $words[CURRENT] != --*=* ]] || compset -P '*='
  for line in $lines; do
    case $line in
      :files) _files ;;
      :folders) _files -/ ;;
      *) candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
    esac
  done
  (( $#candidates == 0 )) || _describe dragoman candidates
}
if [[ $funcstack[1] == _dragoman ]]; then _dragoman "$@"; else compdef _dragoman dragoman; fi
)sh";

const char kFish[] = R"sh(# Completion of dragoman for fish, made by: dragoman --completion fish
function __dragoman_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l typed (string match -r -- '^--[^=]*=' $words[-1]; or echo '')
    set -l program (string replace -r '^~' $HOME -- $words[1])
    for line in (command $program --complete $words[2..-1] 2> /dev/null)
        switch $line
            case :files
                printf '%s\n' $typed(__fish_complete_path (string replace -r -- '^--[^=]*=' '' $words[-1]))
            case :folders
                printf '%s\n' $typed(__fish_complete_directories (string replace -r -- '^--[^=]*=' '' $words[-1]) '')
            case '*'
                printf '%s\n' $typed$line
        end
    end
end
complete -c dragoman -f -a '(__dragoman_complete)'
)sh";

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

std::string completion_script(const std::string& name) {
  const auto shell = choice_of<Shell>(name);
  if (!shell) throw UsageError("--completion", "expected bash, zsh or fish, got '" + name + "'");
  if (*shell == Shell::kBash) return kBash;
  return *shell == Shell::kZsh ? kZsh : kFish;
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
      ".TP\n4\nmodel folder missing or damaged\n"
      ".TP\n129, 130, 143, 152\nstopped by SIGHUP, SIGINT, SIGTERM or SIGXCPU, state saved\n";
  return text;
}

}  // namespace dragoman
