#include "exchange/marian_yaml.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "core/error.h"
#include "core/json.h"
#include "exchange/yaml_entries.h"

namespace dragoman {
namespace {

constexpr int64_t kMaxId = (int64_t{1} << 24) - 1;

template <typename Number>
std::optional<Number> number_in(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

int64_t integer_in(const std::string& value, const std::string& where, int64_t low, int64_t high) {
  const auto number = number_in<int64_t>(value);
  if (!number || *number < low || *number > high) {
    throw ModelError(where, "expected an integer from " + std::to_string(low) + " to " +
                                std::to_string(high) + ", got '" + value + "'");
  }
  return *number;
}

[[noreturn]] void refuse_id(const std::string& where, const std::string& got) {
  throw ModelError(where, "expected an id below 2^24, got " + got);
}

// JSON is YAML except for its escapes: it writes a character beyond U+FFFF as a surrogate pair.
bool is_json_object(std::string_view text) {
  const size_t brace = text.find_first_not_of(" \t\r\n");
  if (brace == std::string_view::npos || text[brace] != '{') return false;
  const size_t next = text.find_first_not_of(" \t\r\n", brace + 1);
  return next != std::string_view::npos && text[next] == '"';
}

std::vector<PieceId> parse_json_vocabulary(std::string_view text, const std::string& where) {
  const nlohmann::json object = parse_json(text, where, ErrorKind::kModel);
  if (!object.is_object())
    throw ModelError(where, "expected an object of pieces and ids, got " + std::string(object.type_name()));
  std::vector<PieceId> entries;
  for (const auto& [piece, id] : object.items()) {
    if (!id.is_number_unsigned() || id.get<uint64_t>() > kMaxId)
      refuse_id(where + ": '" + piece + "'", id.dump());
    entries.push_back({piece, id.get<int64_t>()});
  }
  return entries;
}

std::vector<PieceId> parse_yaml_vocabulary(std::string_view text, const std::string& where) {
  std::vector<PieceId> entries;
  read_yaml(text, where, [&](YamlEntry entry) {
    const auto id = entry.is_list ? std::nullopt : number_in<int64_t>(entry.values[0]);
    if (!id || *id < 0 || *id > kMaxId) {
      refuse_id(where + ":" + std::to_string(entry.line),
                entry.is_list ? "a list" : "'" + entry.values[0].substr(0, 40) + "'");
    }
    entries.push_back({std::move(entry.key), *id});
  });
  return entries;
}

}  // namespace

MarianSettings MarianSettings::parse(std::string_view text, const std::string& where) {
  MarianSettings settings;
  settings.where_ = where;
  read_yaml(text, where, [&](YamlEntry entry) {
    const int64_t line = entry.line;
    const auto [place, is_new] = settings.values_.try_emplace(std::move(entry.key), std::move(entry.values));
    if (!is_new) {
      throw ModelError(where + ":" + std::to_string(line),
                       "expected each key once, got '" + place->first + "' twice");
    }
  });
  return settings;
}

const std::vector<std::string>& MarianSettings::list(const std::string& key) const {
  const auto found = values_.find(key);
  if (found == values_.end()) throw ModelError(where_ + ": " + key, "expected this key, got none");
  return found->second;
}

std::string MarianSettings::text(const std::string& key) const {
  const auto& values = list(key);
  if (values.size() > 1)
    throw ModelError(where_ + ": " + key, "expected one value, got " + std::to_string(values.size()));
  return values.empty() ? "" : values[0];
}

std::string MarianSettings::text_or(const std::string& key, const std::string& otherwise) const {
  return has(key) ? text(key) : otherwise;
}

int64_t MarianSettings::whole(const std::string& key, int64_t low, int64_t high) const {
  return integer_in(text(key), where_ + ": " + key, low, high);
}

int64_t MarianSettings::integer_at(const std::string& key, size_t index, int64_t low, int64_t high) const {
  const auto& values = list(key);
  if (index >= values.size())
    throw ModelError(where_ + ": " + key, "expected more than " + std::to_string(index) + " values, got " +
                                              std::to_string(values.size()));
  return integer_in(values[index], where_ + ": " + key, low, high);
}

double MarianSettings::number(const std::string& key) const {
  const std::string value = text(key);
  const auto number = number_in<double>(value);
  if (!number || !std::isfinite(*number))
    throw ModelError(where_ + ": " + key, "expected a number, got '" + value + "'");
  return *number;
}

bool MarianSettings::flag_or(const std::string& key, bool otherwise) const {
  if (!has(key)) return otherwise;
  const std::string value = text(key);
  std::string word = value;
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  // The words that yaml-cpp, and therefore Marian, accepts.
  for (const char* yes : {"true", "yes", "on", "y"}) {
    if (word == yes) return true;
  }
  for (const char* no : {"false", "no", "off", "n"}) {
    if (word == no) return false;
  }
  throw ModelError(where_ + ": " + key, "expected true or false, got '" + value + "'");
}

std::vector<std::string> MarianSettings::keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, values] : values_) keys.push_back(key);
  return keys;
}

std::vector<PieceId> parse_marian_vocabulary(std::string_view text, const std::string& where) {
  return is_json_object(text) ? parse_json_vocabulary(text, where) : parse_yaml_vocabulary(text, where);
}

}  // namespace dragoman
