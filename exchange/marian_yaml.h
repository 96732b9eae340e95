// The little YAML that Marian writes: settings (special:model.yml inside an .npz, decoder.yml beside it) and
// vocabularies. Not YAML as a whole: what Marian does not write is a ModelError naming file and line.
//
//   type: transformer          "\u2581the": 7
//   dim-vocabs:                'it''s': 8
//     - 58100                  ? "a key of more than 128 characters"
//     - 58100                  : 9
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dragoman {

// Settings with their values as text; one value is a list of one. "- a" lines and [a, b] are lists.
class MarianSettings {
 public:
  static MarianSettings parse(std::string_view text, const std::string& where);

  bool has(const std::string& key) const { return values_.count(key) > 0; }
  // ModelError naming the key when it is not there, or is none of these.
  const std::vector<std::string>& list(const std::string& key) const;
  std::string text(const std::string& key) const;
  std::string text_or(const std::string& key, const std::string& otherwise) const;
  int64_t whole(const std::string& key, int64_t low, int64_t high) const;
  bool flag_or(const std::string& key, bool otherwise) const;
  const std::string& where() const { return where_; }

 private:
  std::string where_;
  std::map<std::string, std::vector<std::string>> values_;
};

// The pieces of a vocabulary by their ids 0..N-1, each of which stands once.
std::vector<std::string> parse_marian_vocabulary(std::string_view text, const std::string& where);

}  // namespace dragoman
