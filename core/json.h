// Strict JSON: duplicate keys, trailing text and invalid UTF-8 are errors that name the file and the place.
// Sizes and nesting are bounded, so that a hostile file is refused in bounded memory.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/error.h"

namespace dragoman {

// Throws an Error of `kind`, with `where` (the file's name) and the line.
nlohmann::json parse_json(std::string_view text, const std::string& where, ErrorKind kind);
nlohmann::json read_json_file(const std::string& path, ErrorKind kind);

// Text for a file: two spaces of indent, UTF-8 kept, a newline at the end.
std::string json_text(const nlohmann::ordered_json& value);

}  // namespace dragoman
