// Options whose values are names of files or folders: their placeholder is F, DIR or PATH.
//
// In a list of them a name with a comma is not split if a file of that whole name exists. In JSON a name
// that is not UTF-8 becomes {"text": ..., "hex": ...}: its text with U+FFFD, and its bytes, which reading
// takes.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "core/options.h"

namespace dragoman {

enum class PathKind { kFile, kFolder, kEither };
constexpr auto names_of(PathKind) {
  return choice_names("F", "DIR", "PATH");
}

// Of an option whose values are such names; nothing for another one.
std::optional<PathKind> path_kind(const Option& option);

// The string that to_json() wrote so; none for any other value.
std::optional<std::string> string_from_json(const nlohmann::json& value);

}  // namespace dragoman
