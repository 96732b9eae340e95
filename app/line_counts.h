// Checks that files have the same number of lines, before anything is computed.
#pragma once

#include <string>

#include "core/lines.h"

namespace dragoman {

// "[short.de] expected 3 lines, as many as in test.en, got 2".
[[noreturn]] void refuse_line_counts(const std::string& path, size_t lines, const std::string& other,
                                     size_t other_lines);

// Reads both and throws the above where they have different numbers of lines; DataError also for a file that
// cannot be read or whose text is refused (core/lines.h). Does nothing when one of them is no regular file:
// standard input and pipes are read once.
void check_line_counts(const std::string& path, const std::string& other,
                       InvalidUtf8 invalid_utf8 = InvalidUtf8::kReplace);

}  // namespace dragoman
