#include "core/json.h"

#include <algorithm>
#include <set>
#include <vector>

#include "core/files.h"

namespace dragoman {
namespace {

constexpr int kMaxDepth = 64;
constexpr uint64_t kMaxFileBytes = uint64_t{1} << 28;  // parsed, they take ten times as much memory

// Notices what nlohmann's parser lets pass: a key written twice (the last one would win) and very deep
// nesting.
class DuplicateKeys {
 public:
  bool operator()(int depth, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
    using Event = nlohmann::json::parse_event_t;
    if (depth > kMaxDepth) too_deep = true;
    if (event == Event::object_start) keys_.emplace_back();
    if (event == Event::object_end && !keys_.empty()) keys_.pop_back();
    if (event == Event::key && !keys_.empty() && !keys_.back().insert(parsed.get<std::string>()).second &&
        duplicate.empty()) {
      duplicate = parsed.get<std::string>();
    }
    return true;
  }

  std::string duplicate;
  bool too_deep = false;

 private:
  std::vector<std::set<std::string>> keys_;
};

// nlohmann's messages begin with "[json.exception.parse_error.101] "; ours begin with the file.
std::string without_prefix(const std::string& message) {
  const size_t end = message.find("] ");
  return end == std::string::npos ? message : message.substr(end + 2);
}

// Refuses nesting before the parser recurses: nlohmann builds (and destroys) nested values recursively.
bool nests_deeper_than(std::string_view text, int limit) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > limit) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

nlohmann::json parse_json(std::string_view text, const std::string& where, ErrorKind kind) {
  if (nests_deeper_than(text, kMaxDepth))
    fail(kind, where, "expected JSON nested at most 64 deep, got deeper nesting");
  // nlohmann takes a NUL after the value for the end of the text, whatever follows it.
  if (text.find('\0') != std::string_view::npos) fail(kind, where, "expected valid JSON, got a NUL byte");
  DuplicateKeys keys;
  nlohmann::json value;
  try {
    value = nlohmann::json::parse(text.begin(), text.end(), std::ref(keys));
  } catch (const nlohmann::json::exception& error) {
    fail(kind, where, "expected valid JSON, got " + without_prefix(error.what()));
  }
  if (!keys.duplicate.empty())
    fail(kind, where, "expected each key once, got '" + keys.duplicate + "' twice");
  return value;
}

nlohmann::json read_json_file(const std::string& path, ErrorKind kind) {
  return parse_json(read_file(path, kind, kMaxFileBytes), path, kind);
}

std::string json_text(const nlohmann::ordered_json& value) {
  return value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace dragoman
