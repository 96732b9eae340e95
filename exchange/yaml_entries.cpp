#include "exchange/yaml_entries.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <optional>
#include <streambuf>

#include "core/error.h"
#include "core/utf8.h"

namespace dragoman {
namespace {

// The key of a nested mapping is repeated in the keys of its entries, so both are bounded.
constexpr size_t kMaxDepth = 8, kMaxOuterKey = 256;

// A stream of bytes in memory, without a copy.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // only read
    setg(begin, begin, begin + text.size());
  }
};

std::string line_of(const std::string& where, const YAML::Mark& mark) {
  return where + ":" + std::to_string(mark.line + 1);
}

class EntryReader : public YAML::EventHandler {
 public:
  EntryReader(std::string_view text, const std::string& where, const std::function<void(YamlEntry)>& take)
      : text_(text), where_(where), take_(take) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    // yaml-cpp 0.7 finds an endless sequence of empty documents in some broken texts.
    if (++documents_ > 1) refuse(mark, "one document", "a second one");
  }
  void OnDocumentEnd() override {}
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "plain values and lists", "an alias");
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    // An empty document has no root. If the word null or ~ is a key, its text is the key.
    if (has_root_) scalar(mark, entry_ ? "" : null_text(mark));
  }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                const std::string& value) override {
    scalar(mark, value);
  }

  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    if (!has_root_) {
      has_root_ = true;
      return;
    }
    if (!entry_ || entry_->is_list) refuse(mark, "a plain value or a list", "a mapping");
    if (path_.size() == kMaxDepth || entry_->key.size() > kMaxOuterKey)
      refuse(mark, "at most 8 nested mappings with keys of at most 256 bytes", "more");
    path_.push_back(entry_->key + "/");
    entry_.reset();
  }
  void OnMapEnd() override {
    if (!path_.empty()) path_.pop_back();
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    if (!entry_ || entry_->is_list) refuse(mark, "keys with plain values or lists of them", "another list");
    entry_->is_list = true;
  }
  void OnSequenceEnd() override { finish(); }

  bool has_root() const { return has_root_; }

 private:
  [[noreturn]] void refuse(const YAML::Mark& mark, const std::string& expected,
                           const std::string& got) const {
    throw ModelError(line_of(where_, mark), "expected " + expected + ", got " + got);
  }
  void scalar(const YAML::Mark& mark, std::string value) {
    if (!has_root_) refuse(mark, "'key: value'", "'" + value.substr(0, 40) + "'");
    if (!entry_) {
      entry_ = YamlEntry{(path_.empty() ? "" : path_.back()) + value, {}, false, mark.line + 1};
      return;
    }
    entry_->values.push_back(std::move(value));
    if (!entry_->is_list) finish();
  }
  void finish() {
    YamlEntry entry = std::move(*entry_);
    entry_.reset();
    take_(std::move(entry));
  }
  std::string null_text(const YAML::Mark& mark) const {
    const std::string_view rest = text_.substr(std::min<size_t>(mark.pos, text_.size()));
    for (const std::string_view word : {"~", "null", "Null", "NULL"}) {
      if (rest.substr(0, word.size()) == word) return std::string(word);
    }
    return "";
  }

  std::string_view text_;
  const std::string& where_;
  const std::function<void(YamlEntry)>& take_;
  std::vector<std::string> path_;  // the key prefix of each open mapping, except the root
  std::optional<YamlEntry> entry_;
  bool has_root_ = false;
  int documents_ = 0;
};

// yaml-cpp reads byte 4 as the end of its input. YAML 1.2 has no control characters except these three.
void refuse_control_characters(std::string_view text, const std::string& where) {
  const auto found = std::find_if(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
  });
  if (found == text.end()) return;
  throw ModelError(
      where + ":" + std::to_string(1 + std::count(text.begin(), found, '\n')),
      "expected text, got the control character " + std::to_string(static_cast<unsigned char>(*found)));
}

}  // namespace

void read_yaml(std::string_view text, const std::string& where, const std::function<void(YamlEntry)>& take) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  if (!is_valid_utf8(text)) throw ModelError(where, "expected UTF-8, got other bytes");
  refuse_control_characters(text, where);
  ViewBuffer buffer(text);
  std::istream stream(&buffer);
  EntryReader reader(text, where, take);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(reader)) {
    }
  } catch (const YAML::Exception& error) {
    throw ModelError(line_of(where, error.mark), "expected YAML, got text that is not (" + error.msg + ")");
  }
  if (!reader.has_root()) throw ModelError(where, "expected 'key: value' lines, got none");
}

}  // namespace dragoman
