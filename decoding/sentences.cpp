#include "decoding/sentences.h"

#include <set>

#include "core/utf8.h"

namespace dragoman {
namespace {

bool is_cjk_end(char32_t c) {
  return c == U'。' || c == U'！' || c == U'？';
}
bool is_end(char32_t c) {
  return c == U'.' || c == U'!' || c == U'?' || c == U'…' || is_cjk_end(c);
}
bool is_closing(char32_t c) {
  return std::u32string_view(U"\"')]}»”“’‘」』）").find(c) != std::u32string_view::npos;
}
bool is_opening(char32_t c) {
  return std::u32string_view(U"\"'([{«„“‘‚¿¡").find(c) != std::u32string_view::npos;
}

// Upper-case letters of the scripts that have case, and every letter of those that have none. ASCII and
// Latin-1 by rule; elsewhere a letter is taken as one that may begin a sentence.
bool may_begin(char32_t c) {
  if (c < 0x80) return (c >= U'A' && c <= U'Z') || (c >= U'0' && c <= U'9') || is_opening(c);
  if (c >= 0xDF && c <= 0xFF) return false;  // Latin-1's lower case
  return true;
}

bool is_abbreviation(std::u32string_view before_stop) {
  static const std::set<std::u32string> known = {U"Mr", U"Mrs", U"Ms",  U"Dr", U"Prof", U"St",  U"Nr", U"No",
                                                 U"vs", U"etc", U"bzw", U"ca", U"Abb",  U"Fig", U"Hr", U"Fr"};
  size_t begin = before_stop.size();
  while (begin > 0 && !is_white_space(before_stop[begin - 1])) --begin;
  const std::u32string word(before_stop.substr(begin));
  const bool initial = word.size() == 1 && (word[0] < U'0' || word[0] > U'9');
  return initial || known.count(word) > 0;
}

std::u32string_view trimmed(std::u32string_view text) {
  while (!text.empty() && is_white_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_white_space(text.back())) text.remove_suffix(1);
  return text;
}

// Whether a sentence ends with the mark at `at`; `after` is set behind its closing quotes.
bool ends_at(std::u32string_view text, size_t begin, size_t at, size_t& after) {
  after = at + 1;
  while (after < text.size() && (is_end(text[after]) || is_closing(text[after]))) ++after;
  if (after == text.size() || is_cjk_end(text[at])) return true;
  if (!is_white_space(text[after])) return false;
  size_t next = after;
  while (next < text.size() && is_white_space(text[next])) ++next;
  if (next == text.size() || !may_begin(text[next])) return false;
  return !(text[at] == U'.' && after == at + 1 && is_abbreviation(text.substr(begin, at - begin)));
}

}  // namespace

std::vector<std::string> split_sentences(std::string_view utf8) {
  const std::u32string all = to_code_points(utf8);
  const std::u32string_view text(all);
  std::vector<std::string> sentences;
  const auto add = [&](std::u32string_view sentence) {
    sentence = trimmed(sentence);
    if (!sentence.empty()) sentences.push_back(to_utf8(sentence));
  };
  size_t begin = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    size_t after = 0;
    if (!is_end(text[at]) || !ends_at(text, begin, at, after)) continue;
    add(text.substr(begin, after - begin));
    begin = after;
    at = after - 1;
  }
  add(text.substr(begin));
  return sentences;
}

}  // namespace dragoman
