#include "app/line_counts.h"

#include <filesystem>

#include "core/error.h"
#include "core/interrupt.h"

namespace dragoman {
namespace {

bool is_regular_file(const std::string& path) {
  std::error_code none;
  return path != "-" && std::filesystem::is_regular_file(path, none);
}

size_t lines_of(const std::string& path, InvalidUtf8 invalid_utf8) {
  LineReader reader(path, invalid_utf8);
  size_t lines = 0;
  for (std::string line; reader.next(line); ++lines) throw_if_interrupted();
  return lines;
}

}  // namespace

void refuse_line_counts(const std::string& path, size_t lines, const std::string& other, size_t other_lines) {
  throw DataError(path, "expected " + std::to_string(other_lines) + (other_lines == 1 ? " line" : " lines") +
                            ", as many as in " + other + ", got " + std::to_string(lines));
}

void check_line_counts(const std::string& path, const std::string& other, InvalidUtf8 invalid_utf8) {
  if (!is_regular_file(path) || !is_regular_file(other)) return;
  const size_t lines = lines_of(path, invalid_utf8), other_lines = lines_of(other, invalid_utf8);
  if (lines != other_lines) refuse_line_counts(path, lines, other, other_lines);
}

}  // namespace dragoman
