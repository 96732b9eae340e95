#include "folder/json_keys.h"

#include <algorithm>

namespace dragoman {
namespace {

// Bounded, since an id above INT64_MAX would turn negative and mean another token.
bool is_id(const nlohmann::json& id) {
  return id.is_number_unsigned() && id.get<uint64_t>() <= 1 << 24;
}
bool is_list_of_ids(const nlohmann::json& list) {
  return list.is_array() && !list.empty() && std::all_of(list.begin(), list.end(), is_id);
}

}  // namespace

JsonKeys::JsonKeys(const nlohmann::json& object, std::string where)
    : object_(object), where_(std::move(where)) {
  if (!object.is_object())
    throw ModelError(where_, "expected a JSON object, got " + std::string(object.type_name()));
}

void JsonKeys::refuse(const std::string& key, const std::string& expected) const {
  throw ModelError(where_ + ": " + key, "expected " + expected + ", got " + at(key).dump());
}

const nlohmann::json& JsonKeys::at(const std::string& key) const {
  if (!has(key)) throw ModelError(where_ + ": " + key, "expected this key, got none");
  return object_[key];
}

int64_t JsonKeys::whole(const std::string& key, int64_t low, int64_t high) const {
  const auto& value = at(key);
  const bool fits =
      value.is_number_integer() && !(value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX);
  if (!fits || value.get<int64_t>() < low || value.get<int64_t>() > high)
    refuse(key, "an integer from " + std::to_string(low) + " to " + std::to_string(high));
  return value.get<int64_t>();
}

double JsonKeys::number(const std::string& key, double low, double high) const {
  const auto& value = at(key);
  if (!value.is_number() || !(value.get<double>() >= low && value.get<double>() <= high))
    refuse(key, "a number from " + nlohmann::json(low).dump() + " to " + nlohmann::json(high).dump());
  return value.get<double>();
}

bool JsonKeys::flag(const std::string& key) const {
  if (!at(key).is_boolean()) refuse(key, "true or false");
  return at(key).get<bool>();
}

double JsonKeys::share_or(const std::string& key, double otherwise) const {
  if (!has(key)) return otherwise;
  const auto& value = at(key);
  if (!value.is_number() || !(value.get<double>() >= 0 && value.get<double>() < 1))
    refuse(key, "a number of at least 0 and below 1");
  return value.get<double>();
}

std::string JsonKeys::text_or(const std::string& key, const std::string& otherwise) const {
  if (!has(key)) return otherwise;
  if (!at(key).is_string()) refuse(key, "a string");
  return at(key).get<std::string>();
}

std::vector<int64_t> JsonKeys::ids(const std::string& key) const {
  const auto& value = at(key);
  if (is_id(value)) return {value.get<int64_t>()};
  if (value.is_array() && value.empty()) return {};
  if (!is_list_of_ids(value)) refuse(key, "an id or a list of ids");
  return value.get<std::vector<int64_t>>();
}

std::vector<std::vector<int64_t>> JsonKeys::lists_of_ids(const std::string& key) const {
  const auto& value = at(key);
  if (!value.is_array() || !std::all_of(value.begin(), value.end(), is_list_of_ids))
    refuse(key, "a list of lists of ids");
  return value.get<std::vector<std::vector<int64_t>>>();
}

}  // namespace dragoman
