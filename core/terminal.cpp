#include "core/terminal.h"

#include <sys/ioctl.h>

#include <algorithm>
#include <cstdio>

#include "core/utf8.h"

namespace dragoman {
namespace {

struct Range {
  char32_t first, last;
};

// East_Asian_Width W and F in Unicode 15's EastAsianWidth.txt, without the gaps of a few characters.
constexpr Range kWide[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x2329, 0x232A},   {0x23E9, 0x23EC},   {0x23F0, 0x23F0},
    {0x23F3, 0x23F3},   {0x25FD, 0x25FE},   {0x2614, 0x2615},   {0x2648, 0x2653},   {0x267F, 0x267F},
    {0x2693, 0x2693},   {0x26A1, 0x26A1},   {0x26AA, 0x26AB},   {0x26BD, 0x26BE},   {0x26C4, 0x26C5},
    {0x26CE, 0x26CE},   {0x26D4, 0x26D4},   {0x26EA, 0x26EA},   {0x26F2, 0x26F3},   {0x26F5, 0x26F5},
    {0x26FA, 0x26FA},   {0x26FD, 0x26FD},   {0x2705, 0x2705},   {0x270A, 0x270B},   {0x2728, 0x2728},
    {0x274C, 0x274C},   {0x274E, 0x274E},   {0x2753, 0x2755},   {0x2757, 0x2757},   {0x2795, 0x2797},
    {0x27B0, 0x27B0},   {0x27BF, 0x27BF},   {0x2B1B, 0x2B1C},   {0x2B50, 0x2B50},   {0x2B55, 0x2B55},
    {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},   {0x4E00, 0xA4CF},   {0xA960, 0xA97C},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE10, 0xFE19},   {0xFE30, 0xFE6F},   {0xFF01, 0xFF60},
    {0xFFE0, 0xFFE6},   {0x16FE0, 0x18CFF}, {0x1AFF0, 0x1B2FB}, {0x1F004, 0x1F004}, {0x1F0CF, 0x1F0CF},
    {0x1F18E, 0x1F18E}, {0x1F191, 0x1F19A}, {0x1F1E6, 0x1F320}, {0x1F32D, 0x1F64F}, {0x1F680, 0x1F6FF},
    {0x1F7E0, 0x1F7F0}, {0x1F90C, 0x1F9FF}, {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD},
};

// The blocks whose characters are all combining marks; other scripts' marks count as a column.
constexpr Range kCombining[] = {
    {0x300, 0x36F},   {0x483, 0x489},   {0x591, 0x5BD},   {0x610, 0x61A},
    {0x64B, 0x65F},   {0x6D6, 0x6DC},   {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},
    {0x20D0, 0x20FF}, {0x302A, 0x302D}, {0x3099, 0x309A}, {0xFE20, 0xFE2F},
};

template <size_t N>
bool is_in(const Range (&ranges)[N], char32_t c) {
  const auto* range =
      std::lower_bound(ranges, ranges + N, c, [](const Range& r, char32_t value) { return r.last < value; });
  return range != ranges + N && c >= range->first;
}

size_t width_of(char32_t c) {
  if (c < 0x300) return 1;
  if (is_in(kCombining, c)) return 0;
  if (is_in(kWide, c)) return 2;
  return is_invisible(c) && !is_white_space(c) && c != 0x2581 && c != 0x2800 && c != 0xFFFD ? 0 : 1;
}

bool steers_a_terminal(char32_t c) {
  if (c == '\t' || c == '\n') return false;
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

}  // namespace

size_t terminal_width(int descriptor, size_t otherwise) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return otherwise;
  return size.ws_col;
}

size_t display_width(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    const DecodedCodePoint next = decode_code_point(text);
    width += width_of(next.value);
    text.remove_prefix(next.length);
  }
  return width;
}

std::string_view cut_to_width(std::string_view text, size_t columns) {
  size_t width = 0, end = 0;
  while (end < text.size()) {
    const DecodedCodePoint next = decode_code_point(text.substr(end));
    width += width_of(next.value);
    if (width > columns) break;
    end += next.length;
  }
  return text.substr(0, end);
}

std::string printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const DecodedCodePoint next = decode_code_point(text);
    const size_t length = next.length;
    if (next.valid && steers_a_terminal(next.value)) {
      char shown[16];
      std::snprintf(shown, sizeof shown, next.value < 0x80 ? "\\x%02X" : "<U+%04X>",
                    static_cast<unsigned>(next.value));
      result += shown;
    } else {
      result.append(text.substr(0, length));
    }
    text.remove_prefix(length);
  }
  return result;
}

}  // namespace dragoman
