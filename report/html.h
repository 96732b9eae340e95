// Text for an HTML or SVG page. Training text is untrusted: none of it may become markup.
#pragma once

#include <string>
#include <string_view>

namespace dragoman {

// & < > " ' as entities, for content and for attributes in quotes. What HTML cannot hold (control characters
// but tab and line feed, ill-formed UTF-8, noncharacters) becomes U+FFFD.
std::string html_escaped(std::string_view text);

// <tag attributes>content</tag>: of markup, and of text, which is escaped.
std::string element(const std::string& tag, const std::string& content, const std::string& attributes = "");
std::string text_element(const std::string& tag, const std::string& text, const std::string& attributes = "");

}  // namespace dragoman
