#include "tokenizer/added_tokens.h"

#include <algorithm>
#include <map>

#include "core/files.h"
#include "core/json.h"
#include "core/special_tokens.h"
#include "core/utf8.h"

namespace dragoman {
namespace {

constexpr int64_t kMaxId = 1 << 24;
// Added tokens follow the vocabulary. A few unused ids may be in between.
constexpr int64_t kMaxGap = 1 << 16;

bool is_usual(const std::string& text) {
  return text == kEndOfSentencePiece || text == kUnknownPiece || text == kPaddingPiece;
}

int64_t id_of(const nlohmann::json& value, const std::string& where) {
  if (!value.is_number_unsigned() || value.get<uint64_t>() > kMaxId)
    throw ModelError(where, "expected an id, got " + value.dump());
  return value.get<int64_t>();
}

// {"<ent>": 91}
void read_short_form(const std::string& path, std::map<int64_t, AddedToken>& tokens) {
  const auto json = read_json_file(path, ErrorKind::kModel);
  if (!json.is_object())
    throw ModelError(path, "expected an object of tokens and ids, got " + std::string(json.type_name()));
  for (const auto& [text, value] : json.items()) {
    const int64_t id = id_of(value, path + ": '" + text + "'");
    if (!text.empty() && !is_usual(text)) tokens[id].text = text;
  }
}

// {"added_tokens_decoder": {"91": {"content": "<ent>", "lstrip": false, "rstrip": false, "special": false}}}
void read_long_form(const std::string& path, std::map<int64_t, AddedToken>& tokens) {
  const auto json = read_json_file(path, ErrorKind::kModel);
  if (!json.is_object() || !json.contains("added_tokens_decoder")) return;
  const auto& decoder = json["added_tokens_decoder"];
  const auto is_set = [](const nlohmann::json& token, const char* key) {
    return token.contains(key) && token[key] == true;
  };
  for (const auto& [number, token] : decoder.items()) {
    const std::string where = path + ": added_tokens_decoder: " + number;
    const bool whole = token.is_object() && token.contains("content") && token["content"].is_string() &&
                       !number.empty() && number.size() < 9 &&
                       std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!whole)
      throw ModelError(where,
                       "expected an id with an object that has a content, got " + token.dump().substr(0, 80));
    const auto text = token["content"].get<std::string>();
    if (text.empty() || is_usual(text)) continue;
    tokens[std::stoll(number)] = {text, std::stoll(number), is_set(token, "lstrip"), is_set(token, "rstrip"),
                                  is_set(token, "special")};
  }
}

std::string_view without_trailing_space(std::string_view text) {
  size_t end = 0;
  for (size_t at = 0; at < text.size();) {
    const DecodedCodePoint next = decode_code_point(text.substr(at));
    at += next.length;
    if (!is_white_space(next.value)) end = at;
  }
  return text.substr(0, end);
}

std::string_view without_leading_space(std::string_view text) {
  while (!text.empty()) {
    const DecodedCodePoint next = decode_code_point(text);
    if (!is_white_space(next.value)) break;
    text.remove_prefix(next.length);
  }
  return text;
}

const AddedToken* longest_at(std::string_view text, const std::vector<AddedToken>& added) {
  const AddedToken* best = nullptr;
  for (const auto& token : added) {
    if (text.substr(0, token.text.size()) == token.text &&
        (best == nullptr || token.text.size() > best->text.size()))
      best = &token;
  }
  return best;
}

}  // namespace

std::vector<AddedToken> read_added_tokens(const std::string& folder) {
  std::map<int64_t, AddedToken> tokens;
  const std::string short_form = join_path(folder, "added_tokens.json"),
                    long_form = join_path(folder, "tokenizer_config.json");
  if (file_exists(short_form)) read_short_form(short_form, tokens);
  if (file_exists(long_form)) read_long_form(long_form, tokens);
  std::vector<AddedToken> all;
  for (auto& [id, token] : tokens) {
    token.id = id;
    all.push_back(std::move(token));
  }
  return all;
}

Vocabulary with_added_tokens(const Vocabulary& vocabulary, const std::vector<AddedToken>& added,
                             const std::string& where) {
  std::vector<std::string> pieces;
  for (int64_t id = 0; id < vocabulary.size(); ++id) pieces.push_back(vocabulary.piece(id));
  for (const auto& token : added) {
    const int64_t id = token.id;
    if (id > std::ssize(pieces) + kMaxGap)
      throw ModelError(where, "expected '" + token.text + "' right after the vocabulary of " +
                                  std::to_string(vocabulary.size()) + ", got the id " + std::to_string(id));
    if (id >= std::ssize(pieces)) pieces.resize(id + 1);
    if (!pieces[id].empty() && pieces[id] != token.text)
      throw ModelError(where, "expected a unique id for '" + token.text + "', got " + std::to_string(id) +
                                  ", which '" + pieces[id] + "' has");
    pieces[id] = token.text;
  }
  return Vocabulary(std::move(pieces), where);
}

std::vector<TextPart> split_at_added_tokens(std::string_view text, const std::vector<AddedToken>& added) {
  std::vector<TextPart> parts;
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    const AddedToken* token = longest_at(text.substr(at), added);
    if (token == nullptr) {
      ++at;
      continue;
    }
    std::string_view before = text.substr(begin, at - begin);
    if (!parts.empty() && parts.back().token->strips_right) before = without_leading_space(before);
    if (token->strips_left) before = without_trailing_space(before);
    if (!before.empty()) parts.push_back({before});
    parts.push_back({text.substr(at, token->text.size()), token});
    begin = at += token->text.size();
  }
  std::string_view rest = text.substr(begin);
  if (!parts.empty() && parts.back().token->strips_right) rest = without_leading_space(rest);
  if (!rest.empty()) parts.push_back({rest});
  return parts;
}

}  // namespace dragoman
