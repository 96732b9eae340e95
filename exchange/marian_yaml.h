// Marian's YAML files: settings (special:model.yml inside a model, decoder.yml next to it) and
// vocabularies.
//
//   type: transformer          "\u2581the": 7
//   dim-vocabs:                'it''s': 8
//     - 58100                  ? "a key of more than 128 characters"
//     - 58100                  : 9
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dragoman {

// Settings with their values as text. A single value is a list of one.
class MarianSettings {
 public:
  // ModelError naming `where` and the line.
  static MarianSettings parse(std::string_view text, const std::string& where);

  bool has(const std::string& key) const { return values_.count(key) > 0; }
  // ModelError naming the key when it is missing or has another type.
  const std::vector<std::string>& list(const std::string& key) const;
  std::string text(const std::string& key) const;
  std::string text_or(const std::string& key, const std::string& otherwise) const;
  int64_t whole(const std::string& key, int64_t low, int64_t high) const;
  int64_t integer_at(const std::string& key, size_t index, int64_t low, int64_t high) const;  // of a list
  double number(const std::string& key) const;
  bool flag_or(const std::string& key, bool otherwise) const;

  std::vector<std::string> keys() const;  // sorted
  const std::string& where() const { return where_; }

 private:
  std::string where_;
  std::map<std::string, std::vector<std::string>> values_;
};

struct PieceId {
  std::string piece;
  int64_t id;
};

// The entries of a vocabulary in YAML or JSON, in the order of the file. ModelError naming `where` and the
// line or the piece for an invalid id.
std::vector<PieceId> parse_marian_vocabulary(std::string_view text, const std::string& where);

}  // namespace dragoman
