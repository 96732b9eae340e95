// What completes a command line, for the shells' own scripts (app/shell.h): a word list of the commands,
// flags and values that the described options give.
#pragma once

#include <string>
#include <vector>

namespace dragoman {

// What may stand where the last of `words` is (they follow the program's name, up to the cursor), one
// candidate per line: the word, a tab, a description. The shell selects those that begin as the word does.
// The line `:files` or `:folders` asks the shell for paths. A word may be `--flag=value`; bash gives it as
// three words, since it splits at `=`.
std::string completions(const std::vector<std::string>& words);

// The flags that stand in place of a command.
const std::vector<std::string>& program_flags();

}  // namespace dragoman
