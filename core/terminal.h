// The terminal: its width, the width of a text on it, and text without control characters.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dragoman {

// Columns of the terminal of this descriptor, or `otherwise` if it is no terminal or its width is unknown.
size_t terminal_width(int descriptor, size_t otherwise);

// Columns that a terminal takes for this UTF-8 text (Unicode Standard Annex #11): 2 for East Asian wide
// characters and emoji, 0 for combining marks and invisible characters, else 1.
size_t display_width(std::string_view text);

// The longest beginning of the text, in whole characters, that takes no more than this many columns.
std::string_view cut_to_width(std::string_view text, size_t columns);

// The text with control characters and direction overrides in visible form ("\x1B", "<U+202E>"): a terminal
// would interpret them. Tabs and line feeds stay, and so do bytes that are not UTF-8.
std::string printable(std::string_view text);

}  // namespace dragoman
