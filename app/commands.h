// The commands of the program. A command is a struct of its flags and a function that takes it and returns
// the exit code. Both are declared together:
//
//   struct GreetFlags {
//     std::string name;
//     OptionList describe() { return {option(name, "name", "NAME", "who is greeted")}; }
//   };
//   int run_greet(GreetFlags& flags);
//
//   Command greet_command() {
//     return command<GreetFlags>({.name = "greet", .summary = "Greets.", ...}, run_greet);
//   }
//
// The struct may also have
//   static Arguments in_our_words(Arguments, const OptionList&)   words of other programs as our flags
//   void apply(const Flags&)                                      where more than the flags decides
// and the function may take a second argument, const Flags&: which flags were given.
#pragma once

#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "app/command_line.h"
#include "core/options.h"

namespace dragoman {

struct CommandText {
  std::string name;      // "tokenizer encode"
  std::string summary;   // one line
  std::string usage;     // after the name
  std::string examples;  // some lines, each a complete command
};

struct Command : CommandText {
  // All options with their defaults, for --help and docs/options.md.
  std::function<void(const std::function<void(const OptionList&)>&)> with_options;
  std::function<int(const Arguments&)> run;  // returns the exit code
};

// In the order of --help.
const std::vector<Command>& commands();

// "dragoman train, dragoman check": the commands with this flag (given without dashes); "" if there are none.
std::string commands_with_flag(const std::string& name);

// Sets the members of `flags` from the words after the command's name. UsageError.
template <typename T>
Flags read_flags(T& flags, Arguments words) {
  const OptionList options = flags.describe();
  if constexpr (requires { T::in_our_words(words, options); }) words = T::in_our_words(words, options);
  const Flags given = parse_flags(options, words, commands_with_flag);
  if constexpr (requires { flags.apply(given); })
    flags.apply(given);
  else
    apply_flags(options, given);
  return given;
}

template <typename T, typename Run>
Command command(CommandText text, Run run) {
  const auto with_options = [](const std::function<void(const OptionList&)>& use) {
    T flags;
    use(flags.describe());
  };
  const auto run_words = [run](const Arguments& words) {
    T flags;
    const Flags given = read_flags(flags, words);
    if constexpr (std::is_invocable_v<Run, T&, const Flags&>)
      return run(flags, given);
    else
      return run(flags);
  };
  return {std::move(text), with_options, run_words};
}

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
