#include "exchange/marian_yaml.h"

#include <charconv>
#include <optional>

#include "core/error.h"
#include "core/utf8.h"

namespace dragoman {
namespace {

constexpr size_t kMostPieces = size_t{1} << 24;

// Lines without their ends; the number is that of the line given last.
class Lines {
 public:
  Lines(std::string_view text, const std::string& where) : rest_(text), where_(where) {}

  bool next(std::string_view& line) {
    if (rest_.empty()) return false;
    const size_t end = std::min(rest_.find('\n'), rest_.size());
    line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    ++number_;
    return true;
  }
  [[noreturn]] void refuse(const std::string& what) const {
    throw ModelError(where_ + ":" + std::to_string(number_), what);
  }

 private:
  std::string_view rest_;
  const std::string& where_;
  int64_t number_ = 0;
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// The code point that an escape of this letter stands for (YAML 1.2.2, section 5.7), without the ones in
// digits.
std::optional<char32_t> escaped_character(char letter) {
  static const std::map<char, char32_t> all = {
      {'0', 0},   {'a', 7},     {'b', 8},    {'t', 9},    {'\t', 9},     {'n', 10},
      {'v', 11},  {'f', 12},    {'r', 13},   {'e', 27},   {' ', ' '},    {'"', '"'},
      {'/', '/'}, {'\\', '\\'}, {'N', 0x85}, {'_', 0xA0}, {'L', 0x2028}, {'P', 0x2029}};
  const auto found = all.find(letter);
  if (found == all.end()) return std::nullopt;
  return found->second;
}

// Takes a scalar off the front: "double", 'single', or plain text, which ends where `ends_plain` says.
class ScalarReader {
 public:
  ScalarReader(std::string_view& rest, const Lines& lines) : rest_(rest), lines_(lines) {}

  std::string quoted() {
    const char quote = rest_[0];
    rest_.remove_prefix(1);
    std::string text;
    while (true) {
      if (rest_.empty()) lines_.refuse("required a quote that ends on its line, got none");
      const char c = rest_[0];
      rest_.remove_prefix(1);
      if (quote == '\'' && c == '\'' && !rest_.empty() && rest_[0] == '\'')
        text += '\'', rest_.remove_prefix(1);
      else if (c == quote)
        return text;
      else if (quote == '"' && c == '\\')
        escape(text);
      else
        text += c;
    }
  }

 private:
  void escape(std::string& text) {
    if (rest_.empty()) lines_.refuse("required an escape, got the end of the line");
    const char letter = rest_[0];
    rest_.remove_prefix(1);
    const size_t digits = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
    if (digits == 0) {
      const auto character = escaped_character(letter);
      if (!character) lines_.refuse(std::string("required a known escape, got \\") + letter);
      return append_utf8(text, *character);
    }
    uint32_t code = 0;
    const std::string_view hex = rest_.substr(0, digits);
    const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
    const bool is_character = code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    if (error != std::errc() || hex.size() != digits || end != hex.data() + digits || !is_character)
      lines_.refuse("required a character in hexadecimal digits, got \\" + std::string(1, letter) +
                    std::string(hex));
    append_utf8(text, static_cast<char32_t>(code));
    rest_.remove_prefix(digits);
  }

  std::string_view& rest_;
  const Lines& lines_;
};

bool begins_quoted(std::string_view text) {
  return !text.empty() && (text[0] == '"' || text[0] == '\'');
}

// A value that fills the rest of a line. A comment may stand behind a quoted one.
std::string whole_scalar(std::string_view text, const Lines& lines) {
  text = trimmed(text);
  if (!begins_quoted(text)) return std::string(text);
  std::string value = ScalarReader(text, lines).quoted();
  text = trimmed(text);
  if (!text.empty() && text[0] != '#') lines.refuse("required nothing behind a quoted value, got more");
  return value;
}

std::vector<std::string> flow_list(std::string_view text, const Lines& lines) {
  text = trimmed(text);
  if (text.empty() || text.back() != ']') lines.refuse("required a list that ends on its line, got none");
  text = text.substr(1, text.size() - 2);
  std::vector<std::string> values;
  while (!trimmed(text).empty()) {
    text = trimmed(text);
    if (begins_quoted(text)) {
      values.push_back(ScalarReader(text, lines).quoted());
      text = trimmed(text);
      if (!text.empty() && text[0] != ',') lines.refuse("required a comma in a list, got something else");
    } else {
      values.emplace_back(trimmed(text.substr(0, text.find(','))));
    }
    const size_t comma = text.find(',');
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return values;
}

struct KeyAndRest {
  std::string key;
  std::string_view rest;  // behind the colon
};

// The key ends at the last colon (`last`: pieces of text may hold colons, ids do not) or at the first.
KeyAndRest split_key(std::string_view line, bool last, const Lines& lines) {
  KeyAndRest parts;
  std::string_view rest = line;
  if (begins_quoted(line)) {
    parts.key = ScalarReader(rest, lines).quoted();
    rest = trimmed(rest);
    if (rest.empty() || rest[0] != ':') lines.refuse("required a colon behind a key, got none");
    parts.rest = rest.substr(1);
    return parts;
  }
  const size_t colon = last ? line.rfind(':') : line.find(':');
  if (colon == std::string_view::npos) lines.refuse("required 'key: value', got no colon");
  parts.key = std::string(trimmed(line.substr(0, colon)));
  parts.rest = line.substr(colon + 1);
  return parts;
}

size_t id_of(std::string_view text, const Lines& lines) {
  text = trimmed(text);
  size_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size() || text.empty() || id >= kMostPieces)
    lines.refuse("required an id below 2^24, got '" + std::string(text.substr(0, 40)) + "'");
  return id;
}

std::vector<std::string> by_id(std::vector<std::pair<size_t, std::string>> entries,
                               const std::string& where) {
  std::vector<std::string> pieces(entries.size());
  std::vector<bool> taken(entries.size(), false);
  for (auto& [id, piece] : entries) {
    if (id >= entries.size() || taken[id]) {
      throw ModelError(where, "required the ids 0 to " + std::to_string(entries.size() - 1) +
                                  ", each once, got " + std::to_string(id) + " for '" + piece + "'");
    }
    taken[id] = true;
    pieces[id] = std::move(piece);
  }
  return pieces;
}

}  // namespace

MarianSettings MarianSettings::parse(std::string_view text, const std::string& where) {
  MarianSettings settings;
  settings.where_ = where;
  Lines lines(text, where);
  if (!is_valid_utf8(text)) throw ModelError(where, "required UTF-8, got other bytes");
  std::vector<std::string>* open = nullptr;  // the key whose list may follow
  for (std::string_view line; lines.next(line);) {
    const std::string_view bare = trimmed(line);
    if (bare.empty() || bare[0] == '#' || bare == "---" || bare == "...") continue;
    if (bare[0] == '-' && (bare.size() == 1 || bare[1] == ' ')) {
      if (open == nullptr) lines.refuse("required a key before its list, got an item");
      open->push_back(whole_scalar(bare.substr(1), lines));
      continue;
    }
    if (line[0] == ' ') lines.refuse("required settings without nesting, got an indented one");
    const KeyAndRest parts = split_key(bare, false, lines);
    const std::string_view value = trimmed(parts.rest);
    const auto [place, is_new] = settings.values_.try_emplace(parts.key);
    if (!is_new) lines.refuse("required each key once, got '" + parts.key + "' twice");
    open = value.empty() ? &place->second : nullptr;
    if (value.empty()) continue;
    if (value[0] == '{' || value[0] == '&' || value[0] == '*' || value[0] == '|' || value[0] == '>')
      lines.refuse("required a plain value or a list, got '" + std::string(value.substr(0, 20)) + "'");
    if (value[0] == '[')
      place->second = flow_list(value, lines);
    else
      place->second = {whole_scalar(value, lines)};
  }
  return settings;
}

const std::vector<std::string>& MarianSettings::list(const std::string& key) const {
  const auto found = values_.find(key);
  if (found == values_.end()) throw ModelError(where_ + ": " + key, "required this key, got none");
  return found->second;
}

std::string MarianSettings::text(const std::string& key) const {
  const auto& values = list(key);
  if (values.size() > 1)
    throw ModelError(where_ + ": " + key, "required one value, got " + std::to_string(values.size()));
  return values.empty() ? "" : values[0];
}

std::string MarianSettings::text_or(const std::string& key, const std::string& otherwise) const {
  return has(key) ? text(key) : otherwise;
}

int64_t MarianSettings::whole(const std::string& key, int64_t low, int64_t high) const {
  const std::string value = text(key);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || number < low || number > high) {
    throw ModelError(where_ + ": " + key, "required a whole number from " + std::to_string(low) + " to " +
                                              std::to_string(high) + ", got '" + value + "'");
  }
  return number;
}

bool MarianSettings::flag_or(const std::string& key, bool otherwise) const {
  if (!has(key)) return otherwise;
  const std::string value = text(key);
  if (value != "true" && value != "false")
    throw ModelError(where_ + ": " + key, "required true or false, got '" + value + "'");
  return value == "true";
}

std::vector<std::string> parse_marian_vocabulary(std::string_view text, const std::string& where) {
  if (!is_valid_utf8(text)) throw ModelError(where, "required UTF-8, got other bytes");
  Lines lines(text, where);
  std::vector<std::pair<size_t, std::string>> entries;
  std::optional<std::string> long_key;  // "? key", whose ": id" is on the next line
  for (std::string_view line; lines.next(line);) {
    if (line.empty() || line == "---" || line == "...") continue;
    if (long_key) {
      if (line[0] != ':') lines.refuse("required ': id' below a key, got something else");
      entries.emplace_back(id_of(line.substr(1), lines), std::move(*long_key));
      long_key.reset();
    } else if (line.substr(0, 2) == "? ") {
      long_key = whole_scalar(line.substr(2), lines);
    } else {
      KeyAndRest parts = split_key(line, true, lines);
      entries.emplace_back(id_of(parts.rest, lines), std::move(parts.key));
    }
  }
  if (long_key) lines.refuse("required ': id' below a key, got the end");
  if (entries.empty()) throw ModelError(where, "required pieces with their ids, got none");
  return by_id(std::move(entries), where);
}

}  // namespace dragoman
