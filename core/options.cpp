#include "core/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/file_options.h"
#include "core/files.h"
#include "core/utf8.h"

namespace dragoman {
namespace {

// Thrown inside this file; the caller knows the place and the kind of error.
struct BadValue {
  std::string expected;
};

std::string number_text(double value) {
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return std::string(buffer, end);
}

template <typename Number>
std::optional<Number> parse_number(const std::string& text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end || text.empty()) return std::nullopt;
  return value;
}

std::string range_text(const Option& option) {
  std::string text;
  if (option.minimum)
    text += (option.minimum_excluded ? " greater than " : " of at least ") + number_text(*option.minimum);
  if (option.maximum)
    text += (option.minimum ? " and" : "") + std::string(" at most ") + number_text(*option.maximum);
  return text;
}

void check_range(const Option& option, double value, const std::string& noun) {
  const bool below =
      option.minimum && (value < *option.minimum || (option.minimum_excluded && value == *option.minimum));
  const bool above = option.maximum && value > *option.maximum;
  if (below || above || !std::isfinite(value)) throw BadValue{noun + range_text(option)};
}

void check_choice(const Option& option, const std::string& value) {
  if (option.choices.empty() || std::count(option.choices.begin(), option.choices.end(), value) > 0) return;
  std::string all;
  for (const auto& choice : option.choices) all += (all.empty() ? "" : ", ") + choice;
  throw BadValue{"one of " + all};
}

size_t index_of(const ChoiceTarget& target, std::string_view name) {
  return std::find(target.names.begin(), target.names.end(), name) - target.names.begin();
}

bool takes_text(const Option& option) {
  return std::holds_alternative<std::string*>(option.target) ||
         std::holds_alternative<ChoiceTarget>(option.target);
}

void assign(const Option& option, int64_t value) {
  check_range(option, value, "an integer");
  *std::get<int64_t*>(option.target) = value;
}
void assign(const Option& option, double value) {
  check_range(option, value, option.is_duration ? "a duration" : "a number");
  *std::get<double*>(option.target) = value;
}
void assign(const Option& option, const std::string& value) {
  check_choice(option, value);
  if (auto* text = std::get_if<std::string*>(&option.target)) {
    **text = value;
  } else {
    const ChoiceTarget& target = std::get<ChoiceTarget>(option.target);
    target.set(target.member, index_of(target, value));
  }
}

void assign(const Option& option, const StringList& items, bool append) {
  if (auto* list = std::get_if<StringList*>(&option.target)) {
    if (!append) (*list)->clear();
    (*list)->insert((*list)->end(), items.begin(), items.end());
  } else {
    const ChoiceListTarget& target = std::get<ChoiceListTarget>(option.target);
    if (!append) target.clear(target.member);
    for (const auto& item : items) target.append(target.member, item);
  }
}

StringList items_of(const Option& option) {
  if (auto* list = std::get_if<StringList*>(&option.target)) return **list;
  const ChoiceListTarget& target = std::get<ChoiceListTarget>(option.target);
  return target.names(target.member);
}

void assign_text(const Option& option, const std::string& text, bool append) {
  if (auto* flag = std::get_if<bool*>(&option.target)) {
    if (text != "true" && text != "false") throw BadValue{"true or false"};
    **flag = text == "true";
  } else if (std::holds_alternative<int64_t*>(option.target)) {
    const bool plus = option.relative && !text.empty() && text[0] == '+';
    const auto value = parse_number<int64_t>(plus ? text.substr(1) : text);
    if (!value) throw BadValue{"an integer" + range_text(option)};
    assign(option, *value);
    if (option.relative) *option.relative = plus;
  } else if (std::holds_alternative<double*>(option.target)) {
    const auto value = option.is_duration ? parse_duration(text) : parse_number<double>(text);
    if (!value)
      throw BadValue{option.is_duration ? "a duration such as 90s, 30m or 2h"
                                        : "a number" + range_text(option)};
    assign(option, *value);
  } else if (takes_text(option)) {
    assign(option, text);
  } else {
    StringList list;
    const bool one_item = option.one_item || (path_kind(option) && file_exists(text));
    for (size_t begin = 0; begin <= text.size();) {
      const size_t comma = one_item ? text.size() : std::min(text.find(',', begin), text.size());
      const std::string item = text.substr(begin, comma - begin);
      check_choice(option, item);
      if (!item.empty()) list.push_back(item);
      begin = comma + 1;
    }
    assign(option, list, append);
  }
}

constexpr char kTextKey[] = "text", kHexKey[] = "hex";

nlohmann::ordered_json string_json(const std::string& value) {
  if (is_valid_utf8(value)) return value;
  std::string text = value, hex;
  replace_invalid_utf8(text);
  for (const unsigned char byte : value) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return {{kTextKey, text}, {kHexKey, hex}};
}

void assign_json(const Option& option, const nlohmann::json& value) {
  if (auto* flag = std::get_if<bool*>(&option.target)) {
    if (!value.is_boolean()) throw BadValue{"true or false"};
    **flag = value.get<bool>();
  } else if (std::holds_alternative<int64_t*>(option.target)) {
    const bool fits =
        value.is_number_integer() && !(value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX);
    if (!fits) throw BadValue{"an integer" + range_text(option)};
    assign(option, value.get<int64_t>());
  } else if (std::holds_alternative<double*>(option.target)) {
    if (option.is_duration && value.is_string()) return assign_text(option, value.get<std::string>(), false);
    if (!value.is_number()) throw BadValue{"a number" + range_text(option)};
    assign(option, value.get<double>());
  } else if (takes_text(option)) {
    const auto text = string_from_json(value);
    if (!text) throw BadValue{"a string"};
    assign(option, *text);
  } else {
    if (!value.is_array()) throw BadValue{"a list of strings"};
    StringList list;
    for (const auto& item : value) {
      const auto text = string_from_json(item);
      if (!text) throw BadValue{"a list of strings"};
      check_choice(option, *text);
      list.push_back(*text);
    }
    assign(option, list, /*append=*/false);
  }
}

size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::optional<std::string> string_from_json(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_object() || value.size() != 2 || !value.contains(kTextKey) || !value.contains(kHexKey) ||
      !value[kHexKey].is_string())
    return std::nullopt;
  const std::string hex = value[kHexKey].get<std::string>();
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    unsigned byte = 0;
    const auto read = std::from_chars(&hex[i], hex.data() + std::min(i + 2, hex.size()), byte, 16);
    if (read.ec != std::errc() || read.ptr != &hex[i] + 2) return std::nullopt;
    bytes.push_back(byte);
  }
  return bytes;
}

std::string Option::json_key() const {
  std::string key = name;
  std::replace(key.begin(), key.end(), '-', '_');
  return key;
}

bool Option::takes_value() const {
  return !std::holds_alternative<bool*>(target);
}

bool Option::is_list() const {
  return std::holds_alternative<StringList*>(target) || std::holds_alternative<ChoiceListTarget>(target);
}

std::string Option::value_text() const {
  if (auto* flag = std::get_if<bool*>(&target)) return **flag ? "true" : "false";
  if (auto* whole = std::get_if<int64_t*>(&target)) return std::to_string(**whole);
  if (auto* real = std::get_if<double*>(&target)) return number_text(**real) + (is_duration ? "s" : "");
  if (auto* text = std::get_if<std::string*>(&target)) return **text;
  if (auto* choice = std::get_if<ChoiceTarget>(&target)) return choice->name();
  std::string all;
  for (const auto& item : items_of(*this)) all += (all.empty() ? "" : ",") + item;
  return all;
}

std::optional<PathKind> path_kind(const Option& option) {
  return choice_of<PathKind>(option.placeholder);
}

Option option(Option::Target target, std::string name, std::string placeholder, std::string help) {
  Option result;
  result.target = target;
  result.name = std::move(name);
  result.placeholder = std::move(placeholder);
  result.help = std::move(help);
  return result;
}

OptionList grouped(const std::string& group, OptionList options) {
  for (auto& option : options) {
    if (option.group.empty()) option.group = group;
  }
  return options;
}

OptionList operator+(OptionList left, OptionList right) {
  left.insert(left.end(), std::make_move_iterator(right.begin()), std::make_move_iterator(right.end()));
  return left;
}

void set_from_text(const Option& option, const std::string& text, bool append) {
  try {
    assign_text(option, text, append);
  } catch (const BadValue& bad) {
    throw UsageError("--" + option.name, "expected " + bad.expected + ", got '" + text + "'");
  }
}

void set_from_json(const OptionList& options, const nlohmann::json& object, const std::string& where,
                   ErrorKind kind) {
  if (!object.is_object())
    fail(kind, where, "expected a JSON object, got " + std::string(object.type_name()));
  for (const auto& [key, value] : object.items()) {
    const auto found = std::find_if(options.begin(), options.end(), [wanted = key](const Option& option) {
      return option.json_key() == wanted && !option.flag_only;
    });
    if (found == options.end()) {
      std::vector<std::string> known;
      for (const auto& option : options) known.push_back(option.json_key());
      const std::string near = nearest_name(key, known);
      fail(kind, where + ": " + key,
           "expected a known key" + (near.empty() ? "" : " (did you mean '" + near + "'?)") + ", got '" +
               key + "'");
    }
    try {
      assign_json(*found, value);
    } catch (const BadValue& bad) {
      fail(kind, where + ": " + key, "expected " + bad.expected + ", got " + value.dump());
    }
  }
}

nlohmann::ordered_json to_json(const OptionList& options) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (const auto& option : options) {
    if (option.flag_only) continue;
    auto& value = object[option.json_key()];
    if (auto* text = std::get_if<std::string*>(&option.target)) {
      value = string_json(**text);
    } else if (option.is_list()) {
      value = nlohmann::ordered_json::array();
      for (const auto& item : items_of(option)) value.push_back(string_json(item));
    } else if (auto* choice = std::get_if<ChoiceTarget>(&option.target)) {
      value = choice->name();
    } else if (auto* flag = std::get_if<bool*>(&option.target)) {
      value = **flag;
    } else if (auto* whole = std::get_if<int64_t*>(&option.target)) {
      value = **whole;
    } else {
      value = *std::get<double*>(option.target);
    }
  }
  return object;
}

std::optional<double> parse_duration(const std::string& text) {
  if (text.empty()) return std::nullopt;
  double unit = 1;
  std::string digits = text;
  switch (text.back()) {
    case 's':
      unit = 1, digits.pop_back();
      break;
    case 'm':
      unit = 60, digits.pop_back();
      break;
    case 'h':
      unit = 3600, digits.pop_back();
      break;
    case 'd':
      unit = 86400, digits.pop_back();
      break;
    default:
      break;
  }
  const auto value = parse_number<double>(digits);
  if (!value || !std::isfinite(*value) || *value < 0) return std::nullopt;
  return *value * unit;
}

std::string nearest_name(const std::string& wrong, const std::vector<std::string>& known) {
  std::string best;
  // Any two short names are near each other.
  const size_t most = wrong.size() < 3 ? 0 : wrong.size() < 5 ? 1 : std::max<size_t>(2, wrong.size() / 3);
  size_t best_distance = most + 1;
  for (const auto& name : known) {
    const size_t distance = edit_distance(wrong, name);
    if (distance < best_distance) best = name, best_distance = distance;
  }
  return best;
}

}  // namespace dragoman
