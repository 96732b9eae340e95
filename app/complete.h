// Completion of a command line, for the completion scripts of the shells (app/shell.h): the commands, and the
// flags and values of the described options.
#pragma once

#include <string>
#include <vector>

namespace dragoman {

// The candidates for the last of `words` (they follow the program's name, up to the cursor), one
// candidate per line: the word, a tab, a description. The shell selects those that start with the word.
// The line `:files` or `:folders` asks the shell for paths. A word may be `--flag=value`; bash gives it as
// three words, since it splits at `=`.
std::string completions(const std::vector<std::string>& words);

// The flags that replace a command.
const std::vector<std::string>& program_flags();

}  // namespace dragoman
