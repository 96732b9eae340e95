// Typed keys of one JSON object of a model folder. Every complaint is a ModelError that names file and key;
// null means that the key is absent, as in transformers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/json.h"

namespace dragoman {

class JsonKeys {
 public:
  // ModelError unless `object` is one. It must outlive this.
  JsonKeys(const nlohmann::json& object, std::string where);

  bool has(const std::string& key) const { return object_.contains(key) && !object_[key].is_null(); }
  const nlohmann::json& at(const std::string& key) const;
  const std::string& where() const { return where_; }

  int64_t whole(const std::string& key, int64_t low, int64_t high) const;
  int64_t integer_or(const std::string& key, int64_t low, int64_t high, int64_t otherwise) const {
    return has(key) ? whole(key, low, high) : otherwise;
  }
  double number(const std::string& key, double low, double high) const;
  bool flag(const std::string& key) const;
  bool flag_or(const std::string& key, bool otherwise) const { return has(key) ? flag(key) : otherwise; }
  double share_or(const std::string& key, double otherwise) const;  // from 0 to below 1
  std::string text_or(const std::string& key, const std::string& otherwise) const;
  // One id, or a list of them.
  std::vector<int64_t> ids(const std::string& key) const;
  std::vector<std::vector<int64_t>> lists_of_ids(const std::string& key) const;  // none of them empty

  // "[FILE: key] expected `expected`, got its value".
  [[noreturn]] void refuse(const std::string& key, const std::string& expected) const;

 private:
  const nlohmann::json& object_;
  std::string where_;
};

}  // namespace dragoman
