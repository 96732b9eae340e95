#include "report/html.h"

#include "core/utf8.h"

namespace dragoman {
namespace {

// HTML Living Standard, 13.2.3.5: code points that are parse errors in a page.
bool is_forbidden(char32_t c) {
  const bool control = (c < 0x20 && c != '\t' && c != '\n') || (c >= 0x7F && c < 0xA0);
  const bool noncharacter = (c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE;
  return control || noncharacter;
}

}  // namespace

std::string html_escaped(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const DecodedCodePoint next = decode_code_point(text);
    text.remove_prefix(next.length);
    switch (next.value) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        if (is_forbidden(next.value))
          result += kReplacementCharacter;
        else
          append_utf8(result, next.value);
    }
  }
  return result;
}

std::string element(const std::string& tag, const std::string& content, const std::string& attributes) {
  return "<" + tag + (attributes.empty() ? "" : " " + attributes) + ">" + content + "</" + tag + ">";
}

std::string text_element(const std::string& tag, const std::string& text, const std::string& attributes) {
  return element(tag, html_escaped(text), attributes);
}

}  // namespace dragoman
