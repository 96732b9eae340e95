// Described options: a setting is written once. A plain struct holds the members with their defaults; its
// describe() returns one list that gives each member its name, help and range:
//
//   struct ScheduleOptions {
//     double learning_rate = 5e-4;
//     OptionList describe() {
//       return {option(learning_rate, "learning-rate", "X", "peak learning rate").at_least(0).alias("lr")};
//     }
//   };
//
// From that list come the flag (--learning-rate), the JSON key (learning_rate), --help and docs/options.md. A
// setting with a fixed choice of values is an enum (core/choice.h).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/choice.h"
#include "core/error.h"

namespace dragoman {

using StringList = std::vector<std::string>;

// A member of an enum type with names (core/choice.h), reached without its type: by the index of its value.
struct ChoiceTarget {
  void* member;
  std::span<const std::string_view> names;
  size_t (*index)(const void* member);
  void (*set)(void* member, size_t index);

  std::string name() const { return std::string(names[index(member)]); }
};

template <Choice T>
ChoiceTarget choice_target(T& member) {
  return {&member, kNamesOf<T>,
          [](const void* from) { return static_cast<size_t>(*static_cast<const T*>(from)); },
          [](void* to, size_t index) { *static_cast<T*>(to) = static_cast<T>(index); }};
}

// The same of a std::vector of such an enum.
struct ChoiceListTarget {
  void* member;
  StringList (*names)(const void* member);
  void (*clear)(void* member);
  void (*append)(void* member, const std::string& name);  // one of the names
};

template <Choice T>
ChoiceListTarget choice_target(std::vector<T>& member) {
  using List = std::vector<T>;
  return {&member,
          [](const void* from) {
            StringList names;
            for (const T value : *static_cast<const List*>(from)) names.push_back(name_of(value));
            return names;
          },
          [](void* to) { static_cast<List*>(to)->clear(); },
          [](void* to, const std::string& name) {
            static_cast<List*>(to)->push_back(choice_of<T>(name).value());
          }};
}

struct Option {
  using Target =
      std::variant<bool*, int64_t*, double*, std::string*, StringList*, ChoiceTarget, ChoiceListTarget>;

  Target target;
  std::string name;         // the flag without its dashes: "max-updates"
  std::string placeholder;  // the placeholder of the value in --help: "N"
  std::string help;
  std::string group;                 // a heading in --help and docs/options.md
  std::vector<std::string> aliases;  // peers' spellings
  std::vector<std::string> choices;  // the only values allowed, when not empty
  std::optional<double> minimum, maximum;
  bool minimum_excluded = false;
  bool* relative = nullptr;  // when set, "+N" is accepted for N and this is made true
  bool is_duration = false;  // seconds, written "90s", "30m", "2h" or a plain number
  bool may_change = false;   // may differ when a run is resumed
  bool one_item = false;     // a list whose items may hold commas: each flag gives one
  bool flag_only = false;    // valid on the command line only, not in a settings file
  char letter = 0;           // a one-letter form, 0 for none

  Option& at_least(double value) { return minimum = value, *this; }
  Option& more_than(double value) { return minimum = value, minimum_excluded = true, *this; }
  Option& at_most(double value) { return maximum = value, *this; }
  Option& one_of(std::vector<std::string> values) { return choices = std::move(values), *this; }
  Option& alias(std::string other) { return aliases.push_back(std::move(other)), *this; }
  Option& short_form(char value) { return letter = value, *this; }
  Option& or_relative(bool& is_relative) { return relative = &is_relative, *this; }
  Option& seconds() { return is_duration = true, *this; }
  Option& changeable() { return may_change = true, *this; }
  Option& one_each() { return one_item = true, *this; }
  Option& only_flag() { return flag_only = true, *this; }

  std::string json_key() const;    // name with '_' for '-'
  std::string value_text() const;  // the present value as a flag would take it
  bool takes_value() const;        // false for a bool, whose flag needs no value
  bool is_list() const;
};

using OptionList = std::vector<Option>;

Option option(Option::Target target, std::string name, std::string placeholder, std::string help);
template <typename T>
Option option(T& member, std::string name, std::string placeholder, std::string help) {
  return option(Option::Target(&member), std::move(name), std::move(placeholder), std::move(help));
}
template <Choice T>
Option option(T& member, std::string name, std::string placeholder, std::string help) {
  return option(Option::Target(choice_target(member)), std::move(name), std::move(placeholder),
                std::move(help))
      .one_of({kNamesOf<T>.begin(), kNamesOf<T>.end()});
}
template <Choice T>
Option option(std::vector<T>& member, std::string name, std::string placeholder, std::string help) {
  return option(Option::Target(choice_target(member)), std::move(name), std::move(placeholder),
                std::move(help))
      .one_of({kNamesOf<T>.begin(), kNamesOf<T>.end()});
}
inline Option option(bool& member, std::string name, std::string help) {
  return option(Option::Target(&member), std::move(name), "", std::move(help));
}

// Puts `group` as heading on each option that has none, and joins lists.
OptionList grouped(const std::string& group, OptionList options);
OptionList operator+(OptionList left, OptionList right);

// Sets the member from the text of a flag. UsageError naming the flag for a value of the wrong type or out of
// range. A list takes several values separated by commas or in several flags (`append`).
void set_from_text(const Option& option, const std::string& text, bool append = false);

// Sets the members from a JSON object that came from the file `where`. ConfigError (or `kind`) naming the key
// for an unknown key (with the nearest known one), a wrong type or a value out of range.
void set_from_json(const OptionList& options, const nlohmann::json& object, const std::string& where,
                   ErrorKind kind = ErrorKind::kConfig);
nlohmann::ordered_json to_json(const OptionList& options);

// "90s", "30m", "2h", "1d" or plain seconds, as seconds; nullopt for any other text.
std::optional<double> parse_duration(const std::string& text);

// The known name nearest to a misspelt one by edit distance, or "" when none is near.
std::string nearest_name(const std::string& wrong, const std::vector<std::string>& known);

}  // namespace dragoman
